/** Files that a writer or a reader must not take, and the ones it may. */
import { mkdir, open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sqlite from "@databases/sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "../../src/errors.ts";
import { checkSqliteVersion } from "../../src/state/database.ts";
import { openStore } from "../../src/state/sqlite-store.ts";
import { allAssignments, stepOf } from "../contracts/store.ts";
import { makeStateFolder, removeStateFolder, runSql } from "../support/state-folder.ts";

const { sql } = sqlite;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await makeStateFolder();
  file = join(folder, "state.db");
});
afterEach(() => removeStateFolder(folder));

async function makeState(): Promise<void> {
  const store = await openStore(folder);
  await store.beginEpoch("engine", 1, "digest");
  const assignments = Array.from({ length: 20_000 }, (_, user) => [user % 50, user, 1, 5, 0, null] as const);
  await store.commit(stepOf(1, { assignments }));
  await store.close();
}

/** Refused by a writer and by a reader; and once it is refused, nothing of it is held. */
async function expectRefusal(message: RegExp, hint: RegExp): Promise<void> {
  const refusal = {
    code: "state",
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  };
  await expect(openStore(folder)).rejects.toMatchObject(refusal);
  await expect(openStore(folder, { readOnly: true })).rejects.toMatchObject(refusal);
  await expect(openStore(folder)).rejects.toMatchObject({ code: "state" });
}

test("a new folder is made, for its owner only", async () => {
  folder = join(folder, "a", "b");
  await (await openStore(folder)).close();
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test("the state is a WAL database of our own number, synchronous FULL", async () => {
  await makeState();
  expect(await runSql(folder, [sql`PRAGMA journal_mode`])).toEqual([{ journal_mode: "wal" }]);
  expect(await runSql(folder, [sql`PRAGMA application_id`])).toEqual([{ application_id: 0x434f524f }]);
  expect(await runSql(folder, [sql`PRAGMA user_version`])).toEqual([{ user_version: 2 }]);
});

describe("refused", () => {
  test("a newer schema", async () => {
    await makeState();
    await runSql(folder, [sql`PRAGMA user_version = 99`]);
    await expectRefusal(/schema 99/, /newer version/);
  });

  test("a database of another program, by its number", async () => {
    await runSql(folder, [sql`PRAGMA application_id = 7`, sql`CREATE TABLE theirs (a)`]);
    await expectRefusal(/another program/, /--data/);
    expect(await runSql(folder, [sql`PRAGMA journal_mode`])).toEqual([{ journal_mode: "delete" }]);
  });

  test("a database of another program, without a number", async () => {
    await runSql(folder, [sql`CREATE TABLE theirs (a)`]);
    await expectRefusal(/another program/, /--data/);
  });

  test("a file that is no database", async () => {
    await writeFile(file, "these are notes, not a database\n".repeat(500));
    await expectRefusal(/not a database/, /another folder|Restore/);
  });

  test("a folder in the place of the file", async () => {
    await mkdir(file);
    await expectRefusal(/not a file/, /folder/);
  });

  test("a damaged file, after an unclean end", async () => {
    await makeState();
    await runSql(folder, [sql`UPDATE head SET clean_end = 0`]);
    const handle = await open(file, "r+");
    await handle.write(Buffer.alloc(16_384, 0x55), 0, 16_384, 65_536);
    await handle.close();
    await expect(openStore(folder)).rejects.toMatchObject({
      code: "state",
      message: expect.stringContaining("damaged"),
      hint: expect.stringContaining("backup"),
    });
  });

  test("a truncated file", async () => {
    await makeState();
    await truncate(file, 40_960);
    await expect(openStore(folder)).rejects.toMatchObject({ code: "state", hint: expect.stringContaining("backup") });
  });

  test("a SQLite that can damage a state that is read beside its writer", () => {
    expect(() => checkSqliteVersion("3.44.2")).toThrow(/3\.44\.2.*3\.51\.3/);
    expect(() => checkSqliteVersion("3.51.2")).toThrow(AppError);
    for (const version of ["3.51.3", "3.52.0", "3.100.0", "4.0.0"]) checkSqliteVersion(version);
  });

  test("by a reader: nothing there, or nothing in it yet", async () => {
    const nothing = { code: "state", hint: expect.stringContaining("--data") };
    await expect(openStore(folder, { readOnly: true })).rejects.toMatchObject(nothing);
    await expect(openStore(join(folder, "no such"), { readOnly: true })).rejects.toMatchObject(nothing);
    await writeFile(file, "");
    const empty = { code: "state", message: expect.stringContaining("empty") };
    await expect(openStore(folder, { readOnly: true })).rejects.toMatchObject(empty);
  });
});

test("an unclean end is told, once, after a check that found nothing", async () => {
  await makeState();
  await runSql(folder, [sql`UPDATE head SET clean_end = 0`]);
  let store = await openStore(folder);
  expect((await store.readHead())!.uncleanEnd).toBe(true);
  await store.close();
  store = await openStore(folder);
  expect((await store.readHead())!.uncleanEnd).toBe(false);
  await store.close();
});

test("a state that a writer made empty and left is new again", async () => {
  await (await openStore(folder)).close();
  await rm(join(folder, "lock.db"));
  const store = await openStore(folder);
  expect(await store.readHead()).toBeNull();
  await store.close();
});

test("a reader beside the writer sees one moment, needs no lock and cannot write", async () => {
  const writer = await openStore(folder);
  await writer.beginEpoch("engine", 1, "digest");
  await writer.commit(stepOf(1, { assignments: [[0, 0, 1, 5, 0, null]] }));
  const reader = await openStore(folder, { readOnly: true });
  await writer.commit(stepOf(2, { assignments: [[0, 1, 1, 5, 0, null]] }));
  expect((await reader.readHead())!.step).toBe(1);
  expect(await allAssignments(reader)).toHaveLength(1);
  const later = await openStore(folder, { readOnly: true });
  expect((await later.readHead())!.step).toBe(2);
  await expect(reader.commit(stepOf(3))).rejects.toMatchObject({ code: "internal" });
  await expect(reader.beginEpoch("engine", 9, "digest")).rejects.toMatchObject({ code: "internal" });
  await reader.close();
  await later.close();
  await writer.close();
  expect((await readFile(file)).subarray(0, 15).toString()).toBe("SQLite format 3");
});

test("one call at a time: nothing is read or written while a step is", async () => {
  const store = await openStore(folder);
  await store.beginEpoch("engine", 1, "digest");
  const writing = store.commit(stepOf(1));
  await expect(store.commit(stepOf(2))).rejects.toMatchObject({ code: "internal" });
  await expect(store.readHead()).rejects.toMatchObject({ code: "internal" });
  await writing;
  expect((await store.readHead())!.step).toBe(1);
  await store.close();
  await store.close();
  await expect(store.readHead()).rejects.toMatchObject({ code: "internal" });
});
