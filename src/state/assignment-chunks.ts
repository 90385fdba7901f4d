/**
 * New assignments, many at once: columns in one blob, so that the first load of a company costs what it takes to write its
 * bytes down. Chunks are only ever added; what becomes of one of their rows later is a row of the table `assignments`.
 *
 * A blob holds the columns one after the other, numbers in the order of bytes of the machine (little end first wherever
 * Node runs but on s390x): member_at and last_used_at as 64-bit floats, entitlement and user as 32-bit integers, flags as bytes.
 */
import sqlite from "@databases/sqlite";
import type { AssignmentChunk } from "../core/rows.ts";
import type { Database } from "./database.ts";
import { ROWS_PER_SLICE, takeInTurns } from "./entitlement-pages.ts";

const { sql } = sqlite;

/** The blob of a chunk stays below 2 MB. */
const ROWS_PER_CHUNK = 65_536;
const ROW_BYTES = 25;
const CHUNKS_PER_PAGE = 16;

/** The caller holds the transaction. */
export async function writeAssignmentChunk(db: Database, chunk: AssignmentChunk): Promise<void> {
  for (const { users, extras, ...columns } of slicesOf(chunk, ROWS_PER_CHUNK)) {
    const { memberAt, lastUsedAt, entitlements, flags } = columns;
    const blob = Buffer.concat([memberAt, lastUsedAt, entitlements, users, flags].map(bytesOf));
    await db.query(
      sql`INSERT INTO assignment_chunks (rows, columns, extras)
        VALUES (${users.length}, ${blob}, ${JSON.stringify([...extras])})`,
    );
  }
}

interface StoredChunk {
  readonly chunk: number;
  readonly rows: number;
  readonly columns: Buffer;
  readonly extras: string;
}

/** In the order in which they were written, in slices; the next page is read while the caller takes in the last one. */
export async function loadAssignmentChunks(db: Database, take: (chunk: AssignmentChunk) => void): Promise<void> {
  let reading = readPage(db, 0);
  for (;;) {
    const page = await reading;
    if (page.length === 0) return;
    reading = readPage(db, page.at(-1)!.chunk);
    await takeInTurns(slicesOfPage(page), take);
  }
}

function readPage(db: Database, after: number): Promise<readonly StoredChunk[]> {
  return db.query<StoredChunk>(
    sql`SELECT chunk, rows, columns, extras FROM assignment_chunks
      WHERE chunk > ${after} ORDER BY chunk LIMIT ${CHUNKS_PER_PAGE}`,
  );
}

function* slicesOfPage(page: readonly StoredChunk[]): Generator<AssignmentChunk> {
  for (const stored of page) yield* slicesOf(chunkOf(stored), ROWS_PER_SLICE);
}

function chunkOf({ rows, columns, extras }: StoredChunk): AssignmentChunk {
  const bytes = new Uint8Array(rows * ROW_BYTES); // of its own: numbers must lie on multiples of their size
  bytes.set(columns);
  const { buffer } = bytes;
  return {
    memberAt: new Float64Array(buffer, 0, rows),
    lastUsedAt: new Float64Array(buffer, rows * 8, rows),
    entitlements: new Uint32Array(buffer, rows * 16, rows),
    users: new Uint32Array(buffer, rows * 20, rows),
    flags: new Uint8Array(buffer, rows * 24, rows),
    extras: new Map(JSON.parse(extras) as [number, string][]),
  };
}

export function* slicesOf(chunk: AssignmentChunk, rowsMax: number): Generator<AssignmentChunk> {
  for (let from = 0; from < chunk.users.length; from += rowsMax) {
    const to = Math.min(from + rowsMax, chunk.users.length);
    yield {
      entitlements: chunk.entitlements.subarray(from, to),
      users: chunk.users.subarray(from, to),
      flags: chunk.flags.subarray(from, to),
      memberAt: chunk.memberAt.subarray(from, to),
      lastUsedAt: chunk.lastUsedAt.subarray(from, to),
      extras: new Map([...chunk.extras].filter(([i]) => i >= from && i < to).map(([i, extra]) => [i - from, extra])),
    };
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
