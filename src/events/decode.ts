/**
 * One record in, its events or the reason why it is not taken. Never throws, and never looks at more than one record.
 * Formats are recognised by the value alone; each is a pure function in `formats/`.
 */
import type { Headers } from "../transport/transport.ts";
import type { Decoded } from "./event.ts";
import { decodeNativeAvro } from "./formats/native-avro.ts";
import { decodeNativeJson } from "./formats/native-json.ts";
import { isAvroWire, type SchemaTable } from "./schema-table.ts";

const RECORD_BYTES_MAX = 1024 * 1024;

export interface EncodedInput {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

export function decodeRecord(
  record: EncodedInput,
  schemas: SchemaTable,
  recordBytesMax: number = RECORD_BYTES_MAX,
): Decoded {
  const value = record.value;
  if (value === null || value.length === 0) return reject("a JSON object or an Avro record; the value is empty");
  if (value.length > recordBytesMax) {
    return reject(`a value of at most ${recordBytesMax} bytes; it has ${value.length}`);
  }
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.length);
  return isAvroWire(bytes) ? decodeNativeAvro(bytes, schemas) : decodeNativeJson(bytes);
}

function reject(expectation: string): Decoded {
  return { reject: { field: "", expectation } };
}
