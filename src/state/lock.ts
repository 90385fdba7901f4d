/**
 * One writer a state folder. The lock is a BEGIN EXCLUSIVE held on `lock.db`: the operating system keeps it while the
 * process is stopped and drops it when the process dies. `owner.json` only tells who holds it, for the message.
 */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sqlite from "@databases/sqlite";
import { AppError } from "../errors.ts";
import { Database } from "./database.ts";

const { sql } = sqlite;

export const LOCK_FILE = "lock.db";
export const OWNER_FILE = "owner.json";
const BUSY_TIMEOUT_MS = 100;

export interface FolderLock {
  release(): Promise<void>;
}

/** Rejects with AppError("locked") that names the owner's process. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const db = await Database.open(join(folder, LOCK_FILE), "create", BUSY_TIMEOUT_MS);
  try {
    await db.query(sql`BEGIN EXCLUSIVE`);
  } catch (error) {
    await db.close();
    throw error instanceof AppError && error.code === "locked" ? await lockedError(folder) : error;
  }
  const ownerFile = join(folder, OWNER_FILE);
  await writeFile(`${ownerFile}.new`, `${JSON.stringify({ pid: process.pid })}\n`);
  await rename(`${ownerFile}.new`, ownerFile);
  return {
    async release() {
      await rm(ownerFile, { force: true });
      await db.close();
    },
  };
}

/** Whether a process holds the folder, and which one where that is known. Takes no lock and writes nothing. */
export async function folderOwner(folder: string): Promise<{ readonly pid: number | null } | null> {
  try {
    const db = await Database.open(join(folder, LOCK_FILE), "read", BUSY_TIMEOUT_MS);
    try {
      await db.query(sql`SELECT count(*) FROM sqlite_master`);
    } finally {
      await db.close();
    }
    return null;
  } catch (error) {
    if (error instanceof AppError && error.code === "locked") return { pid: await ownerPid(folder) };
    return null;
  }
}

async function lockedError(folder: string): Promise<AppError> {
  const pid = await ownerPid(folder);
  return new AppError(
    "locked",
    `the state in ${folder} is in use by ${pid === null ? "another process" : `process ${pid}`}`,
    "Stop that process, or name another folder with --data. The lock falls when the process ends.",
  );
}

/** The process that opened the folder for writing last and has not closed it; null when nobody did. */
async function ownerPid(folder: string): Promise<number | null> {
  try {
    const { pid } = JSON.parse(await readFile(join(folder, OWNER_FILE), "utf8")) as { pid?: unknown };
    return typeof pid === "number" ? pid : null;
  } catch {
    return null;
  }
}
