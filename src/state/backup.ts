/** Copies and checks of a state, beside a running writer or without one. */
import { chmod, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import sqlite from "@databases/sqlite";
import { AppError } from "../errors.ts";
import { damagedError } from "./database.ts";
import { openForReading, STATE_FILE } from "./sqlite-store.ts";

const { sql } = sqlite;

export interface Backup {
  /** The last step in the copy; null when nothing was committed yet. */
  readonly step: number | null;
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
  const step = await checkedStep(partial);
  await syncToDisk(partial);
  await rename(partial, target);
  await syncToDisk(dirname(target));
  return { step, bytes: (await stat(target)).size };
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

async function checkedStep(path: string): Promise<number | null> {
  const db = await openForReading(path);
  try {
    const [finding] = await db.damage("quick_check");
    if (finding !== undefined) throw damagedError(path, finding);
    const [head] = await db.query<{ step: number | null }>(sql`SELECT step FROM head`);
    return head!.step;
  } finally {
    await db.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
