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

export function packRecords(records: readonly OutputRecord[]): Buffer {
  const writer = new FrameWriter();
  for (const record of records) {
    writer.text(record.topic);
    writer.u32(record.partition);
    writer.bytes(record.key);
    writer.bytes(record.value);
    const headers = Object.entries(record.headers);
    writer.u32(headers.length);
    for (const [name, value] of headers) {
      writer.text(name);
      writer.u8(typeof value === "string" ? 0 : 1);
      if (typeof value === "string") writer.text(value);
      else writer.bytes(value);
    }
  }
  return writer.done();
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
  #buffer = Buffer.allocUnsafe(64 * 1024);
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
    this.#room(value.length).set(value, this.#length);
    this.#length += value.length;
  }

  text(value: string): void {
    const size = Buffer.byteLength(value);
    this.u32(size);
    this.#length += this.#room(size).write(value, this.#length);
  }

  done(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #room(size: number): Buffer {
    if (this.#length + size > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + size));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    return this.#buffer;
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
