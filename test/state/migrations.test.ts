import { join } from "node:path";
import sqlite from "@databases/sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Database } from "../../src/state/database.ts";
import { MIGRATIONS, type Migration, migrate, schemaVersion } from "../../src/state/migrations.ts";
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
  expect(await schemaVersion(db)).toBe(1);
  await migrate(db, [...MIGRATIONS, NEXT]);
  await migrate(db, [...MIGRATIONS, NEXT]);
  expect(await db.query(sql`SELECT a FROM more`)).toEqual([{ a: 1 }]);
  await expect(migrate(db)).rejects.toMatchObject({ code: "state" });
});

test("a migration that fails leaves the schema as it was", async () => {
  await migrate(db);
  await expect(migrate(db, [...MIGRATIONS, NEXT, BROKEN])).rejects.toMatchObject({ code: "internal" });
  expect(await db.pragma("user_version")).toBe(2);
  const tables = await db.query<{ name: string }>(sql`SELECT name FROM sqlite_master WHERE name LIKE '%more'`);
  expect(tables).toEqual([{ name: "more" }]);
});
