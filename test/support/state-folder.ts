/** A state folder of its own for a test, and a connection that goes round the store. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sqlite, { type SQLQuery } from "@databases/sqlite";

export async function makeStateFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "corollary-state-"));
}

export async function removeStateFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** Runs statements on `state.db` (or another file of the folder) behind the back of any store. */
export async function runSql(folder: string, statements: readonly SQLQuery[], file = "state.db"): Promise<unknown[]> {
  const db = sqlite.default(join(folder, file));
  try {
    let rows: unknown[] = [];
    for (const statement of statements) rows = await db.query(statement);
    return rows;
  } finally {
    await db.dispose();
  }
}
