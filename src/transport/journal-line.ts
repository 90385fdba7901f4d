/**
 * A record as one line of NDJSON, and back, byte for byte:
 *
 *   {"offset":12,"timestamp":1760000000000,"key":"anna.1","headers":{"cor":"a.1.7.0"},"value":{"type":…}}
 *
 *  1. A value that is JSON text on one line stands verbatim and last, so that its exact bytes are cut out again.
 *  2. Any other value stands as `"bytes":"<base64>"` instead of `"value"`. So does the JSON text `null`:
 *     `"value":null` always means that there is no value.
 *  3. Keys and header values are text, or `{"bytes":"<base64>"}` where they are no UTF-8 text. A key can be null.
 *  4. A line of a commit log has `"ends":{…}` before its value.
 *  5. Members stand in this order, without spaces; the reader relies on it and parses no value.
 */
import { isUtf8 } from "node:buffer";
import type { Headers, InputRecord } from "./transport.ts";

/** Where a file's committed part ends: the next offset, and the length in bytes. */
export interface JournalEnd {
  readonly offset: number;
  readonly bytes: number;
}

/** Committed ends by file name. */
export type JournalEnds = ReadonlyMap<string, JournalEnd>;

export interface LineContent {
  readonly key: string | Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

export const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 34;
const BACKSLASH = 92;
const BRACE_OPEN = 123;
const BRACE_CLOSE = 125;

const literal = (text: string): Buffer => Buffer.from(text);
const OFFSET = literal('{"offset":');
const TIMESTAMP = literal(',"timestamp":');
const KEY = literal(',"key":');
const HEADERS = literal(',"headers":');
const ENDS = literal(',"ends":');
const VALUE = literal(',"value":');
const BYTES = literal(',"bytes":"');
const KEY_BYTES = literal('{"bytes":"');
const NULL = literal("null");
const CLOSE = literal("}\n");
const NO_HEADERS: Headers = Object.freeze({});

/** Bytes of a record as limits count them: key, value, names and values of headers. */
export function recordBytes(record: LineContent): number {
  let bytes = (record.key === null ? 0 : Buffer.byteLength(record.key)) + (record.value?.length ?? 0);
  for (const name in record.headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(record.headers[name]!);
  return bytes;
}

function isVerbatim(value: Uint8Array): boolean {
  if (value.includes(NEWLINE) || value.includes(RETURN) || !isUtf8(value)) return false;
  try {
    return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.length).toString()) !== null;
  } catch {
    return false;
  }
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");

function textOrBytes(value: string | Uint8Array): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (!isUtf8(value)) return `{"bytes":"${base64(value)}"}`;
  return JSON.stringify(Buffer.from(value.buffer, value.byteOffset, value.length).toString());
}

function headersText(headers: Headers): string {
  let text = "";
  for (const [name, value] of Object.entries(headers)) {
    const written = typeof value === "string" ? JSON.stringify(value) : `{"bytes":"${base64(value)}"}`;
    text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${written}`;
  }
  return text;
}

function endsText(ends: JournalEnds): string {
  return JSON.stringify(Object.fromEntries([...ends].map(([name, end]) => [name, [end.offset, end.bytes]])));
}

/** The line of a record, newline included. */
export function encodeLine(offset: number, timestampMs: number, content: LineContent, ends?: JournalEnds): Buffer {
  const key = content.key === null ? "null" : textOrBytes(content.key);
  let head = `{"offset":${offset},"timestamp":${timestampMs},"key":${key},"headers":{${headersText(content.headers)}}`;
  if (ends !== undefined) head += `,"ends":${endsText(ends)}`;
  const value = content.value;
  if (value === null) return Buffer.from(`${head},"value":null}\n`);
  if (!isVerbatim(value)) return Buffer.from(`${head},"bytes":"${base64(value)}"}\n`);
  return Buffer.concat([Buffer.from(`${head},"value":`), value, CLOSE]);
}

/** Reads one line at a time out of a buffer of lines; throws `SyntaxError` at a line that `encodeLine` cannot have made. */
export class LineReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /** The offset that the line in `bytes[start, end)` names; for finding one's way in a file. */
  offsetOf(bytes: Buffer, start: number, end: number): number {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#expect(OFFSET);
    return this.#integer();
  }

  /** The record of the line in `bytes[start, end)`, where `end` is its newline. Its parts are views of `bytes`. */
  read(topic: string, partition: number, bytes: Buffer, start: number, end: number): InputRecord {
    const offset = this.offsetOf(bytes, start, end);
    this.#expect(TIMESTAMP);
    const timestampMs = this.#integer();
    this.#expect(KEY);
    const key = this.#key();
    this.#expect(HEADERS);
    const headers = this.#headers();
    if (this.#follows(ENDS)) this.#object();
    const value = this.#value();
    return { topic, partition, offset, timestampMs, key, value, headers };
  }

  #fail(): never {
    throw new SyntaxError(`not a line of the journal, at byte ${this.#at}`);
  }

  #follows(text: Buffer): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
    this.#at = at + text.length;
    return true;
  }

  #expect(text: Buffer): void {
    if (!this.#follows(text)) this.#fail();
  }

  #integer(): number {
    const first = this.#at;
    let number = 0;
    for (let digit = this.#bytes[first]! - 48; digit >= 0 && digit <= 9; digit = this.#bytes[++this.#at]! - 48) {
      number = number * 10 + digit;
    }
    if (this.#at === first) this.#fail();
    return number;
  }

  #key(): Uint8Array | null {
    if (this.#follows(NULL)) return null;
    if (this.#follows(KEY_BYTES)) {
      const bytes = this.#base64();
      this.#at += 2;
      return bytes;
    }
    const start = this.#at;
    if (this.#bytes[start] !== QUOTE) this.#fail();
    const escaped = this.#string();
    if (!escaped) return this.#bytes.subarray(start + 1, this.#at - 1);
    return Buffer.from(JSON.parse(this.#bytes.toString("utf8", start, this.#at)) as string);
  }

  /** From within the quotes up to the closing one. */
  #base64(): Buffer {
    const end = this.#bytes.indexOf(QUOTE, this.#at);
    if (end < 0 || end >= this.#end) this.#fail();
    const bytes = Buffer.from(this.#bytes.toString("latin1", this.#at, end), "base64");
    this.#at = end;
    return bytes;
  }

  /** Moves from an opening quote to behind the closing one; true when there are escapes within. */
  #string(): boolean {
    const bytes = this.#bytes;
    let escaped = false;
    for (let at = this.#at + 1; at < this.#end; at++) {
      const byte = bytes[at];
      if (byte === BACKSLASH) {
        escaped = true;
        at++;
      } else if (byte === QUOTE) {
        this.#at = at + 1;
        return escaped;
      }
    }
    return this.#fail();
  }

  /** Moves from an opening brace to behind the closing one. */
  #object(): void {
    let depth = 0;
    while (this.#at < this.#end) {
      const byte = this.#bytes[this.#at];
      if (byte === QUOTE) {
        this.#string();
        continue;
      }
      this.#at++;
      if (byte === BRACE_OPEN) depth++;
      else if (byte === BRACE_CLOSE && --depth === 0) return;
    }
    this.#fail();
  }

  #headers(): Headers {
    const start = this.#at;
    if (this.#bytes[start + 1] === BRACE_CLOSE) {
      this.#at = start + 2;
      return NO_HEADERS;
    }
    this.#object();
    const written = JSON.parse(this.#bytes.toString("utf8", start, this.#at)) as Record<string, unknown>;
    return Object.fromEntries(Object.entries(written).map(([name, value]) => [name, this.#header(value)]));
  }

  #header(value: unknown): string | Uint8Array {
    if (typeof value === "string") return value;
    const isBytes = typeof value === "object" && value !== null && "bytes" in value && typeof value.bytes === "string";
    return isBytes ? Buffer.from(value.bytes as string, "base64") : this.#fail();
  }

  #value(): Uint8Array | null {
    const end = this.#end - 1;
    if (this.#bytes[end] !== BRACE_CLOSE) this.#fail();
    if (this.#follows(BYTES)) {
      const value = this.#base64();
      if (this.#at !== end - 1) this.#fail();
      return value;
    }
    this.#expect(VALUE);
    const start = this.#at;
    return this.#follows(NULL) && this.#at === end ? null : this.#bytes.subarray(start, end);
  }
}
