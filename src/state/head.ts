/** The head row, the pending marks and the outbox: the small facts that a step fixes and a start reads first. */
import sqlite from "@databases/sqlite";
import { AppError } from "../errors.ts";
import type { Positions } from "../transport/transport.ts";
import type { Database } from "./database.ts";
import type { Outbox, StepHead, StoredHead } from "./store.ts";

const { sql } = sqlite;

const CHUNK_BYTES_PER_STATEMENT = 8 * 1024 * 1024;

interface HeadRow {
  readonly engine: string;
  readonly epoch: number;
  readonly configDigest: string;
  readonly step: number | null;
  readonly clockMinute: number;
  readonly positions: string;
  readonly applied: number;
  readonly unchanged: number;
  readonly late: number;
  readonly rejected: number;
}

export async function readHead(db: Database, uncleanEnd: boolean): Promise<StoredHead | null> {
  const [row] = await db.query<HeadRow>(
    sql`SELECT engine, epoch, config_digest AS configDigest, step, clock_minute AS clockMinute, positions,
      applied, unchanged, late, rejected FROM head`,
  );
  const { engine, epoch, configDigest, step, clockMinute, positions, ...counts } = row!;
  if (step === null) return null;
  const pending = await db.query<{ entitlement: number }>(sql`SELECT entitlement FROM pending ORDER BY entitlement`);
  return {
    engine,
    epoch,
    configDigest,
    step,
    clockMinute,
    positions: readPositions(positions),
    counts,
    outbox: await readOutbox(db),
    pending: pending.map(({ entitlement }) => entitlement),
    uncleanEnd,
  };
}

/** Gives the state to `engine` in `epoch`, which may be the stored one or any later one. */
export async function beginEpoch(db: Database, engine: string, epoch: number, configDigest: string): Promise<void> {
  const begun = await db.query(
    sql`UPDATE head SET engine = ${engine}, epoch = ${epoch}, config_digest = ${configDigest}
      WHERE (engine IS NULL OR engine = ${engine}) AND (epoch IS NULL OR epoch <= ${epoch}) RETURNING one`,
  );
  if (begun.length > 0) return;
  const [stored] = await db.query<{ engine: string; epoch: number }>(sql`SELECT engine, epoch FROM head`);
  if (stored!.engine === engine) throw fencedError(db, stored!.epoch, epoch);
  throw new AppError(
    "state",
    `${db.path} belongs to the engine "${stored!.engine}", not to "${engine}"`,
    "Name the folder of this engine with --data, or set the name of the engine back.",
  );
}

/** Moves the head to `next`. Rejects with AppError("fenced") when the epoch is no longer the caller's. */
export async function advanceHead(db: Database, next: StepHead): Promise<void> {
  const { applied, unchanged, late, rejected } = next.counts;
  const advanced = await db.query(
    sql`UPDATE head SET step = ${next.step}, clock_minute = ${next.clockMinute},
      positions = ${writePositions(next.positions)},
      applied = ${applied}, unchanged = ${unchanged}, late = ${late}, rejected = ${rejected}
      WHERE epoch = ${next.epoch} RETURNING one`,
  );
  if (advanced.length > 0) return;
  const [stored] = await db.query<{ epoch: number | null }>(sql`SELECT epoch FROM head`);
  throw fencedError(db, stored!.epoch, next.epoch);
}

function fencedError(db: Database, stored: number | null, own: number): AppError {
  return new AppError(
    "fenced",
    `${db.path} is in epoch ${String(stored)}; this process is in epoch ${own}`,
    "Another process took over; leave the work to it.",
  );
}

export async function writeOutbox(db: Database, outbox: Outbox): Promise<void> {
  await db.query(
    sql`INSERT INTO outbox (one, step, epoch, positions, progress) VALUES
      (1, ${outbox.step}, ${outbox.epoch}, ${writePositions(outbox.positions)}, ${asBuffer(outbox.progress)})`,
  );
  let first = 0;
  while (first < outbox.chunks.length) {
    let end = first + 1;
    let bytes = outbox.chunks[first]!.byteLength;
    while (end < outbox.chunks.length && (bytes += outbox.chunks[end]!.byteLength) <= CHUNK_BYTES_PER_STATEMENT) end++;
    const rows = outbox.chunks
      .slice(first, end)
      .map((chunk, index) => sql`(${first + index}, ${outbox.step}, ${asBuffer(chunk)})`);
    // OR FAIL, since the caller rolls back anyway: else SQLite copies each page aside, to take the statement back alone.
    await db.query(sql`INSERT OR FAIL INTO outbox_chunks (chunk, step, records) VALUES ${sql.join(rows, ", ")}`);
    first = end;
  }
}

export async function dropOutbox(db: Database, publishedStep: number): Promise<void> {
  const dropped = await db.query(sql`DELETE FROM outbox WHERE step <= ${publishedStep} RETURNING one`);
  if (dropped.length > 0) await db.query(sql`DELETE FROM outbox_chunks WHERE step <= ${publishedStep}`);
}

async function readOutbox(db: Database): Promise<Outbox | null> {
  const [row] = await db.query<{ step: number; epoch: number; positions: string; progress: Buffer | null }>(
    sql`SELECT step, epoch, positions, progress FROM outbox`,
  );
  if (row === undefined) return null;
  const chunks = await db.query<{ records: Buffer | null }>(sql`SELECT records FROM outbox_chunks ORDER BY chunk`);
  return {
    step: row.step,
    epoch: row.epoch,
    chunks: chunks.map(({ records }) => records ?? new Uint8Array()),
    progress: row.progress ?? new Uint8Array(),
    positions: readPositions(row.positions),
  };
}

/** The driver binds Buffers only (and an empty one as NULL). */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** [[topic, partition, "offset"], …]: the driver reads integers above 2^53 wrongly, texts never. */
function writePositions(positions: Positions): string {
  return JSON.stringify(
    [...positions].flatMap(([topic, offsets]) =>
      [...offsets].map(([partition, offset]) => [topic, partition, String(offset)]),
    ),
  );
}

function readPositions(text: string): Positions {
  const positions = new Map<string, Map<number, number>>();
  for (const [topic, partition, offset] of JSON.parse(text) as [string, number, string][]) {
    const offsets = positions.get(topic) ?? new Map<number, number>();
    positions.set(topic, offsets.set(partition, Number(offset)));
  }
  return positions;
}
