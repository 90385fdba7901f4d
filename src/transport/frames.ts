/**
 * Records as bytes, for the outbox, the inbox and between threads. `unpackRecords(packRecords(records))` is the records,
 * byte for byte.
 *
 * Frame of a record: topic, partition, key, value, number of headers, headers. A text or byte string is its length
 * (u32) and its bytes; the length 0xffffffff stands for null. A header's value has one byte before it: 0 text, 1 bytes.
 */
import { AppError } from "../errors.ts";
import type { OutputRecord } from "./transport.ts";

const NULL_LENGTH = 0xffff_ffff;
/** Few records need no more. */
const FIRST_PIECE_BYTES = 64 * 1024;
/** Large enough to be few, small enough that memory which was freed is used again. */
const PIECE_BYTES = 256 * 1024;
/** Room for the most bytes that a longer text may take would leave too much of a piece empty. */
const SHORT_TEXT = 8 * 1024;
/** Bytes of UTF-8 that a unit of a text may take. */
export const TEXT_BYTES_MAX = 3;

/** Key and value may still be texts: they become UTF-8 where they are packed, without a buffer of their own. */
export interface PackableRecord extends Omit<OutputRecord, "key" | "value"> {
  readonly key: string | Uint8Array | null;
  readonly value: string | Uint8Array | null;
}

export function packRecords(records: Iterable<PackableRecord>): Buffer {
  const pieces = packPieces(records);
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

/** What `packRecords` makes, cut anywhere into pieces of at most 256 KiB: nothing is copied while it grows. */
export function packPieces(records: Iterable<PackableRecord>): Buffer[] {
  const writer = new FrameWriter();
  for (const { topic, partition, key, value, headers } of records) {
    writer.text(topic);
    writer.u32(partition);
    writer.content(key);
    writer.content(value);
    const names = Object.keys(headers);
    writer.u32(names.length);
    for (const name of names) {
      const header = headers[name] as string | Uint8Array;
      writer.text(name);
      writer.u8(typeof header === "string" ? 0 : 1);
      writer.content(header);
    }
  }
  return writer.done();
}

/** Throws AppError("state") when the pieces are not those of `packPieces`; how they were cut does not matter. */
export function unpackPieces(pieces: readonly Uint8Array[]): OutputRecord[] {
  return unpackRecords(Buffer.concat(pieces));
}

/** Throws AppError("state") when the bytes are not what `packRecords` wrote. */
export function unpackRecords(bytes: Buffer): OutputRecord[] {
  const reader = new FrameReader(bytes);
  const records: OutputRecord[] = [];
  while (!reader.atEnd()) {
    const topic = reader.text();
    const partition = reader.u32();
    const key = reader.bytes();
    const value = reader.bytes();
    const headers: [name: string, value: string | Uint8Array][] = [];
    for (let left = reader.u32(); left > 0; left--) {
      const name = reader.text();
      headers.push([name, reader.u8() === 0 ? reader.text() : (reader.bytes() ?? new Uint8Array())]);
    }
    records.push({ topic, partition, key, value, headers: Object.fromEntries(headers) });
  }
  return records;
}

class FrameWriter {
  readonly #pieces: Buffer[] = [];
  #buffer = Buffer.allocUnsafe(FIRST_PIECE_BYTES);
  #length = 0;

  u8(value: number): void {
    this.#length = this.#room(1).writeUInt8(value, this.#length);
  }

  u32(value: number): void {
    this.#length = this.#room(4).writeUInt32BE(value, this.#length);
  }

  bytes(value: Uint8Array | null): void {
    this.u32(value === null ? NULL_LENGTH : value.length);
    if (value === null) return;
    for (let at = 0; at < value.length; ) {
      const buffer = this.#room(1);
      const part = value.subarray(at, at + buffer.length - this.#length);
      buffer.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
    }
  }

  text(value: string): void {
    if (value.length > SHORT_TEXT) {
      this.bytes(Buffer.from(value));
      return;
    }
    const buffer = this.#room(4 + value.length * TEXT_BYTES_MAX);
    const size = buffer.write(value, this.#length + 4);
    buffer.writeUInt32BE(size, this.#length);
    this.#length += 4 + size;
  }

  content(value: string | Uint8Array | null): void {
    if (typeof value === "string") this.text(value);
    else this.bytes(value);
  }

  done(): Buffer[] {
    this.#cut();
    return this.#pieces;
  }

  /** The piece in which there is room for so many bytes more, at most PIECE_BYTES. */
  #room(size: number): Buffer {
    if (this.#length + size <= this.#buffer.length) return this.#buffer;
    this.#cut();
    this.#buffer = Buffer.allocUnsafe(PIECE_BYTES);
    this.#length = 0;
    return this.#buffer;
  }

  #cut(): void {
    if (this.#length > 0) this.#pieces.push(this.#buffer.subarray(0, this.#length));
  }
}

class FrameReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  atEnd(): boolean {
    return this.#at === this.#buffer.length;
  }

  u8(): number {
    return this.#buffer.readUInt8(this.#pass(1));
  }

  u32(): number {
    return this.#buffer.readUInt32BE(this.#pass(4));
  }

  bytes(): Uint8Array | null {
    const length = this.u32();
    if (length === NULL_LENGTH) return null;
    const from = this.#pass(length);
    return this.#buffer.subarray(from, from + length);
  }

  text(): string {
    const length = this.u32();
    const from = this.#pass(length);
    return this.#buffer.toString("utf8", from, from + length);
  }

  /** Where the next bytes begin, which are then behind. */
  #pass(length: number): number {
    const from = this.#at;
    if (from + length > this.#buffer.length) throw new AppError("state", "stored records are cut short");
    this.#at = from + length;
    return from;
  }
}
