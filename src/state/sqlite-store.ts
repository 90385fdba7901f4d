/**
 * The state in a folder: `state.db`, and beside it the lock (lock.ts).
 *
 * 1. A writer holds the folder's lock from open to close; readers need no lock and see the state as of their opening.
 * 2. A step is one transaction; the epoch is checked inside it.
 * 3. After a failed write the store refuses everything: memory is ahead of the disk, so the process must start again.
 * 4. `clean_end` is 0 while a writer has the state open; finding 0 on opening means a check of the whole file.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sqlite from "@databases/sqlite";
import type {
  ApplicationRow,
  AssignmentChunk,
  EntitlementRow,
  ItemRow,
  PublishedChunk,
  UserRow,
} from "../core/rows.ts";
import { AppError } from "../errors.ts";
import { jsonTexts } from "./bulk.ts";
import { Database, damagedError } from "./database.ts";
import { beginEpoch, readHead } from "./head.ts";
import { loadAssignments } from "./load-assignments.ts";
import { loadPublished } from "./load-published.ts";
import { loadApplications, loadEntitlements, loadItems, loadUsers } from "./load-registers.ts";
import { type FolderLock, lockFolder } from "./lock.ts";
import { MIGRATIONS, migrate, schemaVersion } from "./migrations.ts";
import type { StepCommit, Store, StoredHead } from "./store.ts";
import { writeStep } from "./write.ts";

const { sql } = sqlite;

export const STATE_FILE = "state.db";

/** Opens the state in `folder`; a writer makes what is missing. Rejects with AppError("state") or AppError("locked"). */
export async function openStore(folder: string, options: { readonly readOnly?: boolean } = {}): Promise<Store> {
  if (options.readOnly === true) return new SqliteStore(await openSnapshot(folder), null, false);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(folder);
  try {
    const { db, uncleanEnd } = await openForWriting(folder);
    return new SqliteStore(db, lock, uncleanEnd);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A connection that only reads and needs no lock. Rejects a state that a writer must migrate first. */
export async function openForReading(path: string): Promise<Database> {
  const db = await Database.open(path, "read");
  try {
    const version = await schemaVersion(db);
    if (version === 0) throw new AppError("state", `${path} is empty`, "Import something first.");
    if (version < MIGRATIONS.length) {
      throw new AppError(
        "state",
        `${path} has schema ${version}; this version of Corollary reads ${MIGRATIONS.length}`,
        "Start the worker once: it brings the state up to date.",
      );
    }
    await db.prepare();
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function openSnapshot(folder: string): Promise<Database> {
  const db = await openForReading(join(folder, STATE_FILE));
  // The first read of the transaction fixes what the connection sees until it closes.
  await db.query(sql`BEGIN`);
  await db.query(sql`SELECT step FROM head`);
  return db;
}

async function openForWriting(folder: string): Promise<{ db: Database; uncleanEnd: boolean }> {
  const db = await Database.open(join(folder, STATE_FILE), "create");
  try {
    const isNew = (await schemaVersion(db)) === 0;
    await db.prepare();
    await db.setPragma("journal_mode", "WAL");
    const uncleanEnd = !isNew && (await endedUnclean(db));
    if (uncleanEnd) {
      const [finding] = await db.damage("quick_check");
      if (finding !== undefined) throw damagedError(db.path, finding);
    }
    await migrate(db);
    await db.query(sql`UPDATE head SET clean_end = 0`);
    return { db, uncleanEnd };
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function endedUnclean(db: Database): Promise<boolean> {
  const [head] = await db.query<{ clean_end: number }>(sql`SELECT clean_end FROM head`);
  return head?.clean_end !== 1;
}

class SqliteStore implements Store {
  readonly #db: Database;
  /** null: a reader. */
  readonly #lock: FolderLock | null;
  readonly #uncleanEnd: boolean;
  #state: "usable" | "writing" | "failed" | "closed" = "usable";
  #failure: unknown;

  constructor(db: Database, lock: FolderLock | null, uncleanEnd: boolean) {
    this.#db = db;
    this.#lock = lock;
    this.#uncleanEnd = uncleanEnd;
  }

  async readHead(): Promise<StoredHead | null> {
    return readHead(this.#usable(), this.#uncleanEnd);
  }

  async beginEpoch(engine: string, epoch: number, configDigest: string): Promise<void> {
    await this.#write((db) => beginEpoch(db, engine, epoch, configDigest));
  }

  async loadUsers(take: (rows: readonly UserRow[]) => void): Promise<void> {
    await loadUsers(this.#usable(), take);
  }

  async loadEntitlements(take: (rows: readonly EntitlementRow[]) => void): Promise<void> {
    await loadEntitlements(this.#usable(), take);
  }

  async loadApplications(take: (rows: readonly ApplicationRow[]) => void): Promise<void> {
    await loadApplications(this.#usable(), take);
  }

  async loadItems(take: (rows: readonly ItemRow[]) => void): Promise<void> {
    await loadItems(this.#usable(), take);
  }

  async loadAssignments(take: (chunk: AssignmentChunk) => void): Promise<void> {
    await loadAssignments(this.#usable(), take);
  }

  async loadPublished(take: (chunk: PublishedChunk) => void): Promise<void> {
    await loadPublished(this.#usable(), take);
  }

  async seenEvents(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const db = this.#usable();
    const seen = new Map<string, number>();
    for (const json of jsonTexts(ids)) {
      const rows = await db.query<{ id: string; minute: number }>(
        sql`SELECT id, minute FROM seen_events WHERE id IN (SELECT value FROM json_each(${json}))`,
      );
      for (const { id, minute } of rows) seen.set(id, minute);
    }
    return seen;
  }

  async commit(step: StepCommit, mayCommit: Promise<unknown> = Promise.resolve()): Promise<void> {
    await this.#write(async (db) => {
      await writeStep(db, step);
      await mayCommit.catch((error) => {
        throw new Withheld(error);
      });
    });
  }

  async close(): Promise<void> {
    const state = this.#state;
    if (state === "closed") return;
    this.#state = "closed";
    try {
      if (this.#lock !== null && state === "usable") await this.#db.query(sql`UPDATE head SET clean_end = 1`);
      await this.#db.close();
    } finally {
      await this.#lock?.release();
    }
  }

  async #write(work: (db: Database) => Promise<void>): Promise<void> {
    const db = this.#usable();
    if (this.#lock === null) throw new AppError("internal", `${db.path} is open for reading only`);
    this.#state = "writing";
    try {
      await db.transaction(() => work(db));
      this.#ended("usable");
    } catch (error) {
      if (error instanceof Withheld) {
        this.#ended("usable");
        throw error.cause;
      }
      this.#ended("failed");
      this.#failure = error;
      throw error;
    }
  }

  /** Writing has ended; the store may have been closed meanwhile. */
  #ended(state: "usable" | "failed"): void {
    if (this.#state === "writing") this.#state = state;
  }

  #usable(): Database {
    if (this.#state === "usable") return this.#db;
    if (this.#state === "failed") {
      const message = "an earlier write to the state has failed";
      throw new AppError("state", message, "Start the process again.", this.#failure);
    }
    throw new AppError("internal", `the state store was called while it is ${this.#state}`);
  }
}

/** All could be written, but may not take effect. */
class Withheld extends Error {
  constructor(cause: unknown) {
    super("the commit was withheld", { cause });
  }
}
