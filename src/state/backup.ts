/** Copies and checks of a state, beside a running writer or without one. */
import { chmod, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import sqlite from "@databases/sqlite";
import { AppError } from "../errors.ts";
import { Database, damagedError } from "./database.ts";
import { readHead } from "./head.ts";
import { schemaVersion } from "./migrations.ts";
import { openForReading, STATE_FILE } from "./sqlite-store.ts";
import type { StoredHead } from "./store.ts";

const { sql } = sqlite;

export interface Backup {
  /** What the copy holds; null when nothing was committed yet. */
  readonly head: StoredHead | null;
  readonly bytes: number;
}

/**
 * Copies the state in `folder` to the file `target`, which must not exist. The copy is one moment of the state, checked
 * and durable when this resolves; until then it is called `target.partial`.
 */
export async function backUp(folder: string, target: string): Promise<Backup> {
  if (await exists(target)) {
    throw new AppError("usage", `${target} exists`, "Name a file that does not exist yet.");
  }
  const partial = `${target}.partial`;
  await rm(partial, { force: true });
  const source = await openForReading(join(folder, STATE_FILE));
  try {
    await source.query(sql`VACUUM INTO ${partial}`);
  } finally {
    await source.close();
  }
  await chmod(partial, 0o600);
  const head = await readCopy(partial);
  await syncToDisk(partial);
  await rename(partial, target);
  await syncToDisk(dirname(target));
  return { head, bytes: (await stat(target)).size };
}

/** What SQLite finds wrong with the state in `folder`, indexes included; empty when it is whole. */
export async function integrityCheck(folder: string): Promise<readonly string[]> {
  const db = await openForReading(join(folder, STATE_FILE));
  try {
    return await db.damage("integrity_check");
  } finally {
    await db.close();
  }
}

/** What the copy of a state at `path` holds; null: no step. Rejects with AppError("state") when it is damaged or no state. */
export async function readCopy(path: string): Promise<StoredHead | null> {
  const db = await Database.open(path, "read");
  try {
    if ((await schemaVersion(db)) === 0) throw new AppError("state", `${path} is empty`, "Name another file.");
    const [finding] = await db.damage("quick_check");
    if (finding !== undefined) throw damagedError(path, finding);
    return await readHead(db, false);
  } finally {
    await db.close();
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
