/**
 * A step's output, fixed once and for all by the step's commit, so that it can be sent again byte for byte. The digest
 * is of the framed records; how they are cut into chunks does not matter.
 */
import { createHash } from "node:crypto";
import { packRecords, unpackRecords } from "../transport/frames.ts";
import type { OutputRecord } from "../transport/transport.ts";

/** Large enough to be few rows, small enough to be no giant BLOBs. */
const CHUNK_BYTES = 256 * 1024;

export function packOutbox(records: readonly OutputRecord[]): Uint8Array[] {
  const bytes = packRecords(records);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) chunks.push(bytes.subarray(at, at + CHUNK_BYTES));
  return chunks;
}

/** Throws AppError("state") when the chunks are not what `packOutbox` made. */
export function unpackOutbox(chunks: readonly Uint8Array[]): OutputRecord[] {
  return unpackRecords(Buffer.concat(chunks));
}

/** SHA-256, hex. */
export function outboxDigest(chunks: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

export function outboxBytes(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/** Size of a record as the transport's limit counts it: key, value and headers. */
export function recordBytes(record: OutputRecord): number {
  let size = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of Object.entries(record.headers))
    size += Buffer.byteLength(name) + Buffer.byteLength(value);
  return size;
}
