/**
 * The Avro schemas by the ids that stand in front of every Avro record (Confluent's wire format: a 0 byte, the id as
 * four bytes, big-endian, the data). Of several schemas of one name, the one with the highest id is current: records
 * of the others are resolved to it, new records are written with it.
 */
import type { Type } from "avsc";
import { AppError } from "../errors.ts";
import { strictAvroType } from "./formats/strict-avro.ts";

const MAGIC_BYTE = 0;
const PREFIX_BYTES = 5;
const FIRST_BUFFER_BYTES = 1024;

/** Ids that a schema may have: the wire has four bytes for it. */
const SCHEMA_ID_MAX = 0xffff_ffff;

type Resolver = ReturnType<Type["createResolver"]>;

interface Writer {
  readonly name: string;
  readonly reader: Type;
  /** null: the writer's schema is the current one. */
  readonly resolver: Resolver | null;
}

interface Current {
  readonly id: number;
  readonly type: Type;
}

export class SchemaTable {
  readonly #writers = new Map<number, Writer>();
  readonly #currentByEventType = new Map<string, Current>();
  #scratch = Buffer.allocUnsafe(FIRST_BUFFER_BYTES);

  /**
   * `schemas`: parsed Avro schemas by id, each a record whose field `type` has the type of the event as its default.
   * Throws AppError("config") naming the id when one is no such schema, or cannot be resolved to the current one.
   */
  constructor(schemas: ReadonlyMap<number, unknown>) {
    const ids = [...schemas.keys()].sort((a, b) => a - b);
    const types = new Map(ids.map((id) => [id, compile(id, schemas.get(id))]));
    const current = new Map<string, Current>();
    for (const [id, type] of types) current.set(nameOf(type), { id, type });
    for (const [id, type] of types) {
      const { id: currentId, type: reader } = current.get(nameOf(type)) as Current;
      this.#writers.set(id, {
        name: nameOf(type),
        reader,
        resolver: id === currentId ? null : resolverOf(id, type, reader),
      });
      if (id === currentId) this.#currentByEventType.set(eventTypeOf(id, schemas.get(id)), { id, type });
    }
  }

  has(id: number): boolean {
    return this.#writers.has(id);
  }

  /** The record behind the prefix, in the shape of the current schema. Throws when the bytes do not fit. */
  read(id: number, data: Buffer): Record<string, unknown> {
    const writer = this.#writers.get(id);
    if (writer === undefined) throw new RangeError(`schema ${id} is not in the table`);
    return writer.resolver === null ? writer.reader.fromBuffer(data) : writer.reader.fromBuffer(data, writer.resolver);
  }

  /** Prefix and data of a record of this event type. Throws AppError("internal") when no schema has that type. */
  write(eventType: string, record: object): Buffer {
    const current = this.#currentByEventType.get(eventType);
    if (current === undefined) throw new AppError("internal", `no Avro schema for ${eventType}`);
    let end = current.type.encode(record, this.#scratch, PREFIX_BYTES);
    if (end < 0) {
      this.#scratch = Buffer.allocUnsafe((this.#scratch.length - end) * 2);
      end = current.type.encode(record, this.#scratch, PREFIX_BYTES);
    }
    this.#scratch.writeUInt8(MAGIC_BYTE, 0);
    this.#scratch.writeUInt32BE(current.id, 1);
    return Buffer.from(this.#scratch.subarray(0, end));
  }
}

/** true: the value begins like an Avro record on the wire. JSON never does. */
export function isAvroWire(value: Uint8Array): boolean {
  return value[0] === MAGIC_BYTE;
}

/** Id and data of an Avro record on the wire; null when it is shorter than its prefix. */
export function splitAvroWire(value: Buffer): { readonly id: number; readonly data: Buffer } | null {
  if (value.length < PREFIX_BYTES) return null;
  return { id: value.readUInt32BE(1), data: value.subarray(PREFIX_BYTES) };
}

function compile(id: number, schema: unknown): Type {
  if (!Number.isInteger(id) || id < 1 || id > SCHEMA_ID_MAX) {
    throw new AppError("config", `schema id ${id} is not a whole number from 1 to ${SCHEMA_ID_MAX}`);
  }
  try {
    return strictAvroType(schema);
  } catch (error) {
    throw new AppError("config", `schema ${id} is not an Avro schema: ${(error as Error).message}`, null, error);
  }
}

function nameOf(type: Type): string {
  return type.name ?? "";
}

function resolverOf(id: number, writer: Type, reader: Type): Resolver {
  try {
    return reader.createResolver(writer);
  } catch (error) {
    const message = `records of schema ${id} cannot be read with the current schema of ${nameOf(reader)}`;
    throw new AppError("config", message, "Give each field that was added since then a default.", error);
  }
}

function eventTypeOf(id: number, schema: unknown): string {
  const fields = (schema as { fields?: readonly { name: string; default?: unknown }[] }).fields ?? [];
  const type = fields.find((field) => field.name === "type")?.default;
  if (typeof type === "string") return type;
  throw new AppError("config", `schema ${id} has no field "type" whose default is the type of the event`);
}
