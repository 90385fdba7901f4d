/**
 * A step's output, fixed once and for all by the step's commit, so that it can be sent again byte for byte. The digest
 * is of the framed records; how they are cut into chunks does not matter.
 */
import { createHash } from "node:crypto";
import type { Outbox } from "../state/store.ts";
import { type PackableRecord, TEXT_BYTES_MAX, unpackPieces } from "../transport/frames.ts";
import type { OutputRecord, Positions, PublishBatch } from "../transport/transport.ts";

/** What is published of an outbox: just what was fixed. Unpacked only for a transport that asks for the records. */
export class OutboxBatch implements PublishBatch {
  readonly packed: readonly Uint8Array[];
  readonly progress: Uint8Array;
  readonly positions: Positions;
  #records: readonly OutputRecord[] | null = null;

  constructor({ chunks, progress, positions }: Outbox) {
    this.packed = chunks;
    this.progress = progress;
    this.positions = positions;
  }

  get records(): readonly OutputRecord[] {
    this.#records ??= unpackPieces(this.packed);
    return this.#records;
  }
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

/** Not less than `recordBytes`, without going through the texts. */
export function recordBytesBound({ key, value, headers }: PackableRecord): number {
  let length = (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) length += name.length + (headers[name]?.length ?? 0);
  return length * TEXT_BYTES_MAX;
}

/** Size of a record as the transport's limit counts it: key, value and headers. */
export function recordBytes({ key, value, headers }: PackableRecord): number {
  let size = Buffer.byteLength(key ?? "") + Buffer.byteLength(value ?? "");
  for (const name in headers) size += Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? "");
  return size;
}
