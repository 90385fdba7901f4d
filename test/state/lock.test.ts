import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore } from "../../src/state/sqlite-store.ts";
import { makeStateFolder, removeStateFolder } from "../support/state-folder.ts";
import { StateProcess } from "../support/state-process.ts";

let folder: string;
beforeEach(async () => {
  folder = await makeStateFolder();
});
afterEach(() => removeStateFolder(folder));

test("a second writer is refused, with the owner's process", async () => {
  const store = await openStore(folder);
  await expect(openStore(folder)).rejects.toMatchObject({
    code: "locked",
    message: expect.stringContaining(`process ${process.pid}`),
    hint: expect.stringContaining("--data"),
  });
  await store.close();
  await (await openStore(folder)).close();
  await expect(readFile(join(folder, "owner.json"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("a stopped owner keeps the lock; a killed one loses it at once", async () => {
  const owner = new StateProcess("hold", folder);
  try {
    expect(await owner.nextLine()).toBe("open");
    const refused = { code: "locked", message: expect.stringContaining(`process ${owner.pid}`) };
    await expect(openStore(folder)).rejects.toMatchObject(refused);
    owner.signal("SIGSTOP");
    await expect(openStore(folder)).rejects.toMatchObject(refused);
  } finally {
    await owner.kill();
  }
  await (await openStore(folder)).close();
});

test("a refused opening leaves the lock as it was", async () => {
  const owner = await openStore(folder);
  await expect(openStore(folder)).rejects.toMatchObject({ code: "locked" });
  const rival = new StateProcess("hold", folder);
  try {
    expect(JSON.parse((await rival.nextLine())!)).toMatchObject({ code: "locked" });
  } finally {
    await rival.kill();
  }
  await owner.close();
});
