/**
 * Putting a state in the place of another, or in no place at all. Under the folder's lock; nothing is ever overwritten:
 * the state that stood there is renamed, its write-ahead log with it, and is a whole state under its new name.
 */
import { chmod, mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import sqlite from "@databases/sqlite";
import { AppError } from "../errors.ts";
import { exists, readCopy, syncToDisk } from "./backup.ts";
import { Database } from "./database.ts";
import { lockFolder } from "./lock.ts";
import { STATE_FILE } from "./sqlite-store.ts";
import type { StoredHead } from "./store.ts";

const { sql } = sqlite;

/** What SQLite keeps beside a database. They belong to the file of the same name only. */
export const STATE_SIDE_FILES: readonly string[] = [`${STATE_FILE}-wal`, `${STATE_FILE}-shm`];

export interface Restored {
  readonly head: StoredHead;
  /** The new name of the state that stood there; null: there was none. */
  readonly aside: string | null;
}

export interface RestoreOptions {
  /** Whether a state that stands there may be set aside. */
  readonly force: boolean;
  /** Ending of the name that it then gets. */
  readonly suffix: string;
  /** Sees what the copy holds before anything is changed, and throws to refuse it. */
  check(head: StoredHead): void;
  /** Done under the lock, before the state changes. */
  prepare(): Promise<void>;
}

/**
 * Puts the copy of a state in the place of the state in `folder`, which is set aside. Rejects with AppError("locked") while a process holds the folder,
 * "usage" where a state stands and `force` is false, "state" for a copy that is damaged or empty.
 */
export async function restoreState(folder: string, copy: string, options: RestoreOptions): Promise<Restored> {
  const head = await readCopy(copy);
  if (head === null) throw new AppError("state", `${copy} holds no step`, "Name a backup of a state that was in use.");
  options.check(head);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(folder);
  try {
    const target = join(folder, STATE_FILE);
    if (!options.force && (await exists(target))) {
      throw new AppError(
        "usage",
        `${target} exists`,
        "Add --force: the state that stands there is set aside, not deleted.",
      );
    }
    await options.prepare();
    const partial = `${target}.partial`;
    await rm(partial, { force: true });
    await copyState(copy, partial);
    const aside = await moveAway(folder, options.suffix);
    await rename(partial, target);
    await syncToDisk(folder);
    return { head, aside };
  } finally {
    await lock.release();
  }
}

/** Answers with the new name of the state, or null where there is none. Rejects with AppError("locked"). */
export async function setStateAside(folder: string, suffix: string): Promise<string | null> {
  if (!(await exists(folder))) return null;
  const lock = await lockFolder(folder);
  try {
    const aside = await moveAway(folder, suffix);
    await syncToDisk(folder);
    return aside;
  } finally {
    await lock.release();
  }
}

/** By SQLite, because the copy may be a state that somebody copied with its write-ahead log. */
async function copyState(from: string, to: string): Promise<void> {
  const source = await Database.open(from, "read");
  try {
    await source.query(sql`VACUUM INTO ${to}`);
  } finally {
    await source.close();
  }
  await chmod(to, 0o600);
  await syncToDisk(to);
}

/** Side files without a state are leftovers, and a new state would take them for its own. */
async function moveAway(folder: string, suffix: string): Promise<string | null> {
  const state = join(folder, STATE_FILE);
  const present = await exists(state);
  const aside = `${state}.${suffix}`;
  if (present) {
    if (await exists(aside)) throw new AppError("usage", `${aside} exists`, "Move it away, or try again in a second.");
    await rename(state, aside);
    if ((await sizeOf(`${state}-wal`)) > 0) await rename(`${state}-wal`, `${aside}-wal`);
  }
  for (const name of STATE_SIDE_FILES) await rm(join(folder, name), { force: true });
  return present ? aside : null;
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
