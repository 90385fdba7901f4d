/**
 * The schema, as a list of migrations: number n (from 1) is entry n − 1, and `user_version` tells how many have run.
 * An entry that was ever released is never changed; a new need is a new entry.
 */
import sqlite, { type SQLQuery } from "@databases/sqlite";
import { AppError } from "../errors.ts";
import type { Database } from "./database.ts";

const { sql } = sqlite;

/** "CORO": tells our files from other SQLite databases. */
const APPLICATION_ID = 0x434f524f;

export type Migration = readonly SQLQuery[];

const FIRST: Migration = [
  // One row. `step` is null until the first step; `clean_end` is 0 while a writer has the state open.
  sql`CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    engine TEXT,
    epoch INTEGER,
    config_digest TEXT,
    clean_end INTEGER NOT NULL,
    step INTEGER,
    clock_minute INTEGER,
    positions TEXT,
    applied INTEGER,
    unchanged INTEGER,
    late INTEGER,
    rejected INTEGER
  )`,
  sql`INSERT INTO head (one, clean_end) VALUES (1, 1)`,
  sql`CREATE TABLE users (id INTEGER PRIMARY KEY, user TEXT NOT NULL, registers TEXT NOT NULL)`,
  sql`CREATE TABLE entitlements (id INTEGER PRIMARY KEY, entitlement TEXT NOT NULL, registers TEXT NOT NULL)`,
  sql`CREATE TABLE applications (application TEXT PRIMARY KEY, registers TEXT NOT NULL) WITHOUT ROWID`,
  sql`CREATE TABLE items (id INTEGER PRIMARY KEY, attribute TEXT NOT NULL, value TEXT NOT NULL)`,
  sql`CREATE TABLE assignments (
    entitlement INTEGER NOT NULL,
    user INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    member_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    extra TEXT,
    PRIMARY KEY (entitlement, user)
  ) WITHOUT ROWID`,
  // The bounds of kind, band, reason and flags are what loadPublished packs them by.
  sql`CREATE TABLE published (
    entitlement INTEGER NOT NULL,
    user INTEGER NOT NULL,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 15),
    rule TEXT NOT NULL,
    freq_union INTEGER NOT NULL,
    freq INTEGER NOT NULL,
    band INTEGER NOT NULL CHECK (band BETWEEN 0 AND 15),
    reason INTEGER NOT NULL CHECK (reason BETWEEN 0 AND 15),
    flags INTEGER NOT NULL CHECK (flags BETWEEN 0 AND 65535),
    PRIMARY KEY (entitlement, user)
  ) WITHOUT ROWID`,
  sql`CREATE TABLE pending (entitlement INTEGER PRIMARY KEY)`,
  sql`CREATE TABLE seen_events (id TEXT PRIMARY KEY, minute INTEGER NOT NULL) WITHOUT ROWID`,
  sql`CREATE INDEX seen_events_by_minute ON seen_events (minute)`,
  // At most one step is unpublished: one row, its records in chunks.
  sql`CREATE TABLE outbox (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    step INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    positions TEXT NOT NULL,
    progress BLOB
  )`,
  sql`CREATE TABLE outbox_chunks (chunk INTEGER PRIMARY KEY, step INTEGER NOT NULL, records BLOB)`,
];

/** Many new assignments at once; a row of `assignments` with the same key is a later one. */
const ASSIGNMENT_CHUNKS: Migration = [
  sql`CREATE TABLE assignment_chunks (
    chunk INTEGER PRIMARY KEY,
    rows INTEGER NOT NULL,
    columns BLOB NOT NULL,
    extras TEXT NOT NULL,
    CHECK (rows > 0 AND length(columns) = rows * 25)
  )`,
];

export const MIGRATIONS: readonly Migration[] = [FIRST, ASSIGNMENT_CHUNKS];

/** How many migrations have run; 0 for a new file. Rejects a file that is not ours or newer than this program. */
export async function schemaVersion(db: Database, migrations: readonly Migration[] = MIGRATIONS): Promise<number> {
  const [header] = await db.query<{ applicationId: number; version: number }>(
    sql`SELECT application_id AS applicationId, user_version AS version FROM pragma_application_id, pragma_user_version`,
  );
  const { applicationId, version } = header!;
  if (applicationId !== APPLICATION_ID) {
    const [found] = await db.query<{ tables: number }>(sql`SELECT count(*) AS tables FROM sqlite_master`);
    if (applicationId === 0 && version === 0 && found!.tables === 0) return 0;
    throw new AppError(
      "state",
      `${db.path} is a database of another program (application_id ${String(applicationId)})`,
      "Name another folder with --data, or move that file away.",
    );
  }
  if (version > migrations.length) {
    throw new AppError(
      "state",
      `${db.path} has schema ${String(version)}; this version of Corollary knows up to ${migrations.length}`,
      "Use the newer version that wrote it, or restore a backup of the older one.",
    );
  }
  return version;
}

/** Runs what is missing, each migration in a transaction of its own. */
export async function migrate(db: Database, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const from = await schemaVersion(db, migrations);
  for (let number = from + 1; number <= migrations.length; number++) {
    await db.transaction(async () => {
      for (const statement of migrations[number - 1]!) await db.query(statement);
      await db.setPragma("application_id", APPLICATION_ID);
      await db.setPragma("user_version", number);
    });
  }
}
