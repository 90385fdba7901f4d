import { join } from "node:path";
import sqlite from "@databases/sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Database } from "../../src/state/database.ts";
import { MIGRATIONS, type Migration, migrate, schemaVersion } from "../../src/state/migrations.ts";
import { openStore } from "../../src/state/sqlite-store.ts";
import { allAssignments, stepOf } from "../contracts/store.ts";
import { assignmentChunk } from "../support/assignment-chunk.ts";
import { makeStateFolder, removeStateFolder } from "../support/state-folder.ts";

const { sql } = sqlite;
const NEXT: Migration = [sql`CREATE TABLE more (a)`, sql`INSERT INTO more VALUES (1)`];
const BROKEN: Migration = [sql`CREATE TABLE still_more (a)`, sql`INSERT INTO no_such_table VALUES (1)`];

let folder: string;
let db: Database;
beforeEach(async () => {
  folder = await makeStateFolder();
  db = await Database.open(join(folder, "state.db"), "create");
});
afterEach(async () => {
  await db.close();
  await removeStateFolder(folder);
});

test("each migration runs once, in order", async () => {
  expect(await schemaVersion(db)).toBe(0);
  await migrate(db);
  expect(await schemaVersion(db)).toBe(MIGRATIONS.length);
  await migrate(db, [...MIGRATIONS, NEXT]);
  await migrate(db, [...MIGRATIONS, NEXT]);
  expect(await db.query(sql`SELECT a FROM more`)).toEqual([{ a: 1 }]);
  await expect(migrate(db)).rejects.toMatchObject({ code: "state" });
});

test("a state of the first schema is read as it was, and goes on", async () => {
  await migrate(db, MIGRATIONS.slice(0, 1));
  await db.query(sql`INSERT INTO assignments VALUES (3, 4, 1, 5, 6, NULL), (3, 5, 1, 5, 6, '{"a":1}')`);
  const store = await openStore(folder);
  await store.beginEpoch("engine", 1, "digest");
  await store.commit(stepOf(1, { newAssignments: [assignmentChunk([[0, 9, 1, 7, 8, null]])] }));
  expect(await allAssignments(store)).toEqual([
    [0, 9, 1, 7, 8, null],
    [3, 4, 1, 5, 6, null],
    [3, 5, 1, 5, 6, '{"a":1}'],
  ]);
  await store.close();
});

test("a migration that fails leaves the schema as it was", async () => {
  await migrate(db);
  await expect(migrate(db, [...MIGRATIONS, NEXT, BROKEN])).rejects.toMatchObject({ code: "internal" });
  expect(await db.pragma("user_version")).toBe(MIGRATIONS.length + 1);
  const tables = await db.query<{ name: string }>(sql`SELECT name FROM sqlite_master WHERE name LIKE '%more'`);
  expect(tables).toEqual([{ name: "more" }]);
});
