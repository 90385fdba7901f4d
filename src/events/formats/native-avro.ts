/** Native events as Avro in Confluent's wire format. A field that is null was not named; an empty text clears it. */
import type { Decoded } from "../event.ts";
import { type SchemaTable, splitAvroWire } from "../schema-table.ts";
import { type Notation, nativeEvent } from "./native.ts";

const AVRO_NOTATION: Notation = {
  nullIsAbsent: true,
  timeExpectation: "milliseconds since 1970",
  readTime: (value) => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null),
};

export function decodeNativeAvro(value: Buffer, schemas: SchemaTable): Decoded {
  const wire = splitAvroWire(value);
  if (wire === null) return reject("a 0 byte, a schema id of four bytes, and Avro data; it is too short");
  if (!schemas.has(wire.id)) return reject(`Avro data with a known schema id; got id ${wire.id}`);
  let record: Record<string, unknown>;
  try {
    record = schemas.read(wire.id, wire.data);
  } catch {
    return reject(`Avro data of schema ${wire.id}; the bytes do not fit it`);
  }
  return nativeEvent(record, AVRO_NOTATION);
}

function reject(expectation: string): Decoded {
  return { reject: { field: "", expectation } };
}
