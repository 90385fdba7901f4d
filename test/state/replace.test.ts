import { copyFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { backUp, readCopy } from "../../src/state/backup.ts";
import { restoreState, setStateAside } from "../../src/state/replace.ts";
import { openStore } from "../../src/state/sqlite-store.ts";
import { stepOf } from "../contracts/store.ts";
import { makeStateFolder, removeStateFolder } from "../support/state-folder.ts";

let folder: string;
let crashed: string;
beforeEach(async () => {
  folder = await makeStateFolder();
  crashed = await makeStateFolder();
});
afterEach(async () => {
  await removeStateFolder(folder);
  await removeStateFolder(crashed);
});

const options = { force: false, suffix: "aside", check: () => {}, prepare: async () => {} };

/** Two steps, the second only in the write-ahead log: what `kill -9` leaves. */
async function leaveCrashed(): Promise<void> {
  const store = await openStore(folder);
  await store.beginEpoch("engine", 1, "digest");
  await store.commit(stepOf(1));
  await store.commit(stepOf(2));
  for (const name of ["state.db", "state.db-wal"]) await copyFile(join(folder, name), join(crashed, name));
  await store.close();
}

test("a state is set aside whole, with what only its write-ahead log knows", async () => {
  await leaveCrashed();
  const aside = await setStateAside(crashed, "aside");
  expect(aside).toBe(join(crashed, "state.db.aside"));
  expect((await readdir(crashed)).filter((name) => name.startsWith("state.db")).sort()).toEqual([
    "state.db.aside",
    "state.db.aside-wal",
  ]);
  expect((await readCopy(aside ?? ""))?.step).toBe(2);
  expect(await setStateAside(crashed, "aside")).toBeNull();
  expect(await setStateAside(join(crashed, "nowhere"), "aside")).toBeNull();
});

test("a raw copy with its write-ahead log can be restored, too; what stood there is set aside only by force", async () => {
  await leaveCrashed();
  const raw = join(crashed, "state.db");
  const restored = await makeStateFolder();
  const { head, aside } = await restoreState(restored, raw, options);
  expect([head.step, aside]).toEqual([2, null]);
  const store = await openStore(restored);
  expect((await store.readHead())?.step).toBe(2);
  await expect(restoreState(restored, raw, { ...options, force: true })).rejects.toMatchObject({ code: "locked" });
  await store.close();

  await backUp(restored, join(crashed, "copy.db"));
  await expect(restoreState(restored, join(crashed, "copy.db"), options)).rejects.toMatchObject({ code: "usage" });
  const forced = await restoreState(restored, join(crashed, "copy.db"), { ...options, force: true });
  expect((await readCopy(forced.aside ?? ""))?.step).toBe(2);
  await removeStateFolder(restored);
});

test("nothing is changed by a copy that is refused", async () => {
  const store = await openStore(folder);
  await store.close();
  await copyFile(join(folder, "state.db"), join(crashed, "empty.db"));
  await writeFile(join(crashed, "torn.db"), "no database");
  const before = await readdir(folder);
  const force = { ...options, force: true };
  await expect(restoreState(folder, join(crashed, "torn.db"), force)).rejects.toMatchObject({ code: "state" });
  await expect(restoreState(folder, join(crashed, "empty.db"), force)).rejects.toMatchObject({ code: "state" });
  await expect(restoreState(folder, join(crashed, "nowhere.db"), force)).rejects.toMatchObject({ code: "state" });
  expect(await readdir(folder)).toEqual(before);
});
