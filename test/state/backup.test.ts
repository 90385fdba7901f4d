import { copyFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sqlite from "@databases/sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { backUp, integrityCheck } from "../../src/state/backup.ts";
import { openStore } from "../../src/state/sqlite-store.ts";
import { allAssignments, stepOf } from "../contracts/store.ts";
import { makeStateFolder, removeStateFolder, runSql } from "../support/state-folder.ts";

let folder: string;
let target: string;
beforeEach(async () => {
  folder = await makeStateFolder();
  target = join(folder, "copy of the state.db");
});
afterEach(() => removeStateFolder(folder));

test("a backup beside a running writer is one moment of the state, and opens as one", async () => {
  const store = await openStore(folder);
  await store.beginEpoch("engine", 1, "digest");
  await store.commit(stepOf(1, { assignments: [[0, 0, 1, 5, 0, null]] }));
  const backup = await backUp(folder, target);
  await store.commit(stepOf(2, { assignments: [[0, 1, 1, 5, 0, null]] }));
  await store.close();

  expect(backup).toMatchObject({ head: { step: 1 }, bytes: (await stat(target)).size });
  expect((await stat(target)).mode & 0o777).toBe(0o600);
  const restored = await makeStateFolder();
  await copyFile(target, join(restored, "state.db"));
  const copy = await openStore(restored);
  expect((await copy.readHead())!.step).toBe(1);
  expect(await allAssignments(copy)).toEqual([[0, 0, 1, 5, 0, null]]);
  await copy.close();
  await removeStateFolder(restored);
});

test("a backup is never written over, and none is made of nothing", async () => {
  await expect(backUp(folder, target)).rejects.toMatchObject({ code: "state" });
  await (await openStore(folder)).close();
  await writeFile(target, "precious");
  await expect(backUp(folder, target)).rejects.toMatchObject({
    code: "usage",
    message: expect.stringContaining(target),
  });
});

test("the integrity check tells what is wrong", async () => {
  const store = await openStore(folder);
  await store.beginEpoch("engine", 1, "digest");
  await store.commit(
    stepOf(1, {
      eventIds: [
        ["a", 1],
        ["b", 1],
      ],
    }),
  );
  expect(await integrityCheck(folder)).toEqual([]);
  await store.close();
  // An index that does not know of a row.
  await runSql(folder, [
    sqlite.sql`PRAGMA writable_schema = 1`,
    sqlite.sql`DELETE FROM sqlite_master WHERE name = 'seen_events_by_minute'`,
    sqlite.sql`PRAGMA writable_schema = 0`,
  ]);
  expect(await integrityCheck(folder)).not.toEqual([]);
});
