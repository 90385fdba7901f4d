/** What a killed process, a full disk and a failing write leave behind. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AppError } from "../../src/errors.ts";
import { openStore } from "../../src/state/sqlite-store.ts";
import type { Store } from "../../src/state/store.ts";
import { allAssignments, allPublished, stepOf } from "../contracts/store.ts";
import { RandomSource } from "../support/random-source.ts";
import { makeStateFolder, removeStateFolder } from "../support/state-folder.ts";
import { StateProcess } from "../support/state-process.ts";

const KILLS = Number(process.env.STATE_KILLS ?? 6);
const ROWS_PER_STEP = 2_000;

let folder: string;
beforeEach(async () => {
  folder = await makeStateFolder();
});
afterEach(() => removeStateFolder(folder));

/** The number of the last step; every step up to it is there whole, and nothing of any other. */
async function checkWholeSteps(store: Store): Promise<number> {
  const head = await store.readHead();
  const step = head?.step ?? 0;
  let users = 0;
  await store.loadUsers((rows) => {
    users += rows.length;
  });
  expect(users).toBe(step * ROWS_PER_STEP);
  for (const rows of [await allAssignments(store), await allPublished(store)]) {
    expect(rows).toHaveLength(step * ROWS_PER_STEP);
    expect(new Set(rows.map(([entitlement]) => entitlement)).size).toBe(step);
  }
  if (head === null) return 0;
  expect(head.counts.applied).toBe(step);
  expect(head.pending).toEqual([step]);
  expect(head.outbox?.step).toBe(step);
  return step;
}

test(`${KILLS} times kill -9 among commits: the last acknowledged step is there, and never half a step`, async () => {
  const random = new RandomSource(4);
  let acknowledged = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const process = new StateProcess("commit", folder);
    expect(await process.nextLine()).toBe("open");
    setTimeout(() => process.signal("SIGKILL"), random.between(20, 400));
    acknowledged = Math.max(acknowledged, Number(await process.lastLine()) || 0);
    await process.kill();

    const reader = await openStore(folder, { readOnly: true });
    await checkWholeSteps(reader);
    await reader.close();
    const store = await openStore(folder);
    const step = await checkWholeSteps(store);
    expect(step).toBeGreaterThanOrEqual(acknowledged);
    expect(step).toBeLessThanOrEqual(acknowledged + 1);
    if (step > 0) expect((await store.readHead())!.uncleanEnd).toBe(true);
    await store.close();
    acknowledged = step;
  }
  expect(acknowledged).toBeGreaterThan(0);
}, 60_000);

test("a write that the system refuses ends the store; what was acknowledged stays", async () => {
  const process = new StateProcess("commit", folder, "ulimit -f 3000");
  const error = JSON.parse(await process.lastLine()) as { code: string; message: string; hint: string };
  expect(error).toMatchObject({ code: "state", hint: expect.stringContaining("start again") });
  await process.kill();
  const store = await openStore(folder);
  expect(await checkWholeSteps(store)).toBeGreaterThan(0);
  await store.close();
});

/** Only root can mount a small file system; elsewhere the test above stands alone. */
function canMount(): boolean {
  const probe = mkdtempSync(join(tmpdir(), "corollary-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(probe);
  }
}

test.skipIf(!canMount())("a full disk", async () => {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]);
  try {
    let store = await openStore(folder);
    await store.beginEpoch("engine", 1, "digest");
    let step = 0;
    const fill = async () => {
      for (; step < 1_000; step++) {
        const users = Array.from({ length: 100 }, (_, id) => [step * 100 + id, "x".repeat(1_000), "{}"] as const);
        await store.commit(stepOf(step + 1, { users }));
      }
    };
    const failure: unknown = await fill().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AppError);
    expect(failure).toMatchObject({ code: "state", hint: expect.stringContaining("Make room") });
    await expect(store.commit(stepOf(step + 1))).rejects.toMatchObject({ code: "state" });
    await store.close();

    execFileSync("mount", ["-o", "remount,size=32m", folder]);
    store = await openStore(folder);
    expect(await store.readHead()).toMatchObject({ step, uncleanEnd: true });
    await store.commit(stepOf(step + 1));
    await store.close();
  } finally {
    execFileSync("umount", [folder]);
  }
});
