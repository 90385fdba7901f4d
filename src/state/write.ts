/** Everything of a step into the tables; the caller holds the transaction. */
import { setTimeout as pause } from "node:timers/promises";
import sqlite from "@databases/sqlite";
import type { PublishedRow } from "../core/rows.ts";
import { writeAssignmentChunk } from "./assignment-chunks.ts";
import { writeRows } from "./bulk.ts";
import type { Database } from "./database.ts";
import { advanceHead, dropOutbox, writeOutbox } from "./head.ts";
import type { Outbox, StepCommit } from "./store.ts";

const { sql } = sqlite;

/** By then SQLite has a statement that was asked for, and works on it in a thread of its own. */
const UNDER_WAY_MS = 1;

export async function writeStep(db: Database, step: StepCommit): Promise<void> {
  await advanceHead(db, step);
  await writeRegisters(db, step);
  for (const chunk of step.newAssignments) await writeAssignmentChunk(db, chunk);
  await writeAssignments(db, step);
  const outbox = await writePublishedAndEncode(db, step);
  await writePending(db, step);
  await writeSeenEvents(db, step);
  await dropOutbox(db, step.publishedStep);
  if (outbox !== null) await writeOutbox(db, outbox);
}

/** While SQLite writes what is published, the outbox is made. */
async function writePublishedAndEncode(db: Database, step: StepCommit): Promise<Outbox | null> {
  const writing = writePublished(db, step);
  // Heard below.
  writing.catch(() => undefined);
  try {
    if (step.published.length > 0) await pause(UNDER_WAY_MS);
    return step.outbox;
  } finally {
    await writing;
  }
}

async function writeRegisters(db: Database, step: StepCommit): Promise<void> {
  await writeRows(
    db,
    step.users,
    (json) => sql`REPLACE INTO users (id, user, registers)
      SELECT value->>'$[0]', value->>'$[1]', value->>'$[2]' FROM jsonb_each(${json})`,
  );
  await writeRows(
    db,
    step.entitlements,
    (json) => sql`REPLACE INTO entitlements (id, entitlement, registers)
      SELECT value->>'$[0]', value->>'$[1]', value->>'$[2]' FROM jsonb_each(${json})`,
  );
  await writeRows(
    db,
    step.applications,
    (json) => sql`REPLACE INTO applications (application, registers)
      SELECT value->>'$[0]', value->>'$[1]' FROM jsonb_each(${json})`,
  );
  await writeRows(
    db,
    step.items,
    (json) => sql`REPLACE INTO items (id, attribute, value)
      SELECT value->>'$[0]', value->>'$[1]', value->>'$[2]' FROM jsonb_each(${json})`,
  );
}

async function writeAssignments(db: Database, step: StepCommit): Promise<void> {
  const columns = sql`value->>'$[0]', value->>'$[1]', value->>'$[2]', value->>'$[3]', value->>'$[4]'`;
  const into = sql`REPLACE INTO assignments (entitlement, user, flags, member_at, last_used_at, extra)`;
  // Most rows are without `extra`; not looking for it saves an eighth of the time.
  await writeRows(
    db,
    step.assignments.filter((row) => row[5] === null),
    (json) => sql`${into} SELECT ${columns}, NULL FROM jsonb_each(${json}) ORDER BY 1, 2`,
  );
  await writeRows(
    db,
    step.assignments.filter((row) => row[5] !== null),
    (json) => sql`${into} SELECT ${columns}, value->>'$[5]' FROM jsonb_each(${json}) ORDER BY 1, 2`,
  );
}

async function writePublished(db: Database, step: StepCommit): Promise<void> {
  const stand = step.published.filter(isPublished);
  await writeRows(
    db,
    stand,
    (json) => sql`REPLACE INTO published (entitlement, user, kind, rule, freq_union, freq, band, reason, flags)
      SELECT value->>'$[0]', value->>'$[1]', value->>'$[2]', value->>'$[3]', value->>'$[4]', value->>'$[5]',
        value->>'$[6]', value->>'$[7]', value->>'$[8]'
      FROM jsonb_each(${json}) ORDER BY 1, 2`,
  );
  if (stand.length === step.published.length) return;
  const gone = step.published.filter((row) => !isPublished(row)).map(([entitlement, user]) => [entitlement, user]);
  await writeRows(
    db,
    gone,
    (json) => sql`DELETE FROM published WHERE (entitlement, user) IN
      (SELECT value->>'$[0]', value->>'$[1]' FROM jsonb_each(${json}))`,
  );
}

function isPublished([, , kind, , , , , , flags]: PublishedRow): boolean {
  return kind !== 0 || flags !== 0;
}

async function writePending(db: Database, step: StepCommit): Promise<void> {
  await writeRows(
    db,
    step.pendingCleared,
    (json) => sql`DELETE FROM pending WHERE entitlement IN (SELECT value FROM json_each(${json}))`,
  );
  await writeRows(
    db,
    step.pendingMarked,
    (json) => sql`REPLACE INTO pending (entitlement) SELECT value FROM json_each(${json})`,
  );
}

async function writeSeenEvents(db: Database, step: StepCommit): Promise<void> {
  await writeRows(
    db,
    step.eventIds,
    (json) => sql`REPLACE INTO seen_events (id, minute)
      SELECT value->>'$[0]', value->>'$[1]' FROM jsonb_each(${json})`,
  );
  await db.query(sql`DELETE FROM seen_events WHERE minute < ${step.forgetEventsBefore}`);
}
