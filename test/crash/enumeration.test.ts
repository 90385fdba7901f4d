/**
 * A crash, or a wrong answer, at every call of a port, on the transport in memory: all single faults of the run, and a
 * fixed sample of the rest. `CRASH_TRIALS=all` tries each.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { settingsOf } from "../../src/config.ts";
import { recount } from "../../src/core/recount.ts";
import { compareViews } from "../../src/core/recount-checks.ts";
import { decodeProgress } from "../../src/worker/progress.ts";
import { Enumeration, lastOf, type Recording, record, recordRestored, singleFaults } from "./enumerate.ts";
import { scenario } from "./scenario.ts";
import { World } from "./world.ts";

const SETTINGS = ["materiality=0", "step.recordsMax=5", "step.budgetRecords=3", "step.waitMs=0"];
const STEPS_MIN = 50;
const SPLIT_MIN = 20;
const MINUTES = 60_000;

describe("crash enumeration, in memory", () => {
  let world: World;
  let recordings: Recording[];
  const enumeration = new Enumeration("in memory");
  beforeAll(async () => {
    world = World.create("memory", SETTINGS);
    recordings = await record(world, scenario(12, 7, 8));
  }, MINUTES);
  afterAll(async () => {
    enumeration.tell();
    for (const { before } of [...recordings, { before: world }]) await before.remove();
  });

  it("has a recorded run that is worth it", async () => {
    const pending = world.broker.transactions.map(({ batch }) => decodeProgress(batch.progress).pending);
    expect(pending.length).toBeGreaterThanOrEqual(STEPS_MIN);
    expect(pending.filter((count) => count > 0).length).toBeGreaterThanOrEqual(SPLIT_MIN);
    expect(lastOf(recordings).after.rejects.length).toBeGreaterThan(5);
    expect(JSON.parse(lastOf(recordings).after.counts).late).toBeGreaterThan(0);
  });

  it("ends in the view of the oracle", async () => {
    const fork = world.fork();
    const worker = await fork.play({ name: "nothing", atMs: world.nowMs, records: [] });
    const oracle = recount(worker.engine.tables(), settingsOf(fork.config()));
    expect(compareViews(worker.engine.exactView(), oracle, 5)).toEqual([]);
    await fork.remove();
  });

  it("single faults", { timeout: 20 * MINUTES }, () =>
    enumeration.expectNoFailure("single faults", singleFaults(recordings), Infinity),
  );

  it.each([0, 1, 3, 5, "lost"] as const)(
    "recovery of a state that is behind: %s (C6, C7)",
    { timeout: 20 * MINUTES },
    async (backup) => {
      const restored = await recordRestored(recordings, backup);
      await enumeration.expectNoFailure(`state ${backup}, single faults`, singleFaults([restored]), 80);
      await restored.before.remove();
    },
  );

  it("single faults at a materiality of 0.01, where the published view is a matter of history", {
    timeout: 20 * MINUTES,
  }, async () => {
    const drifting = World.create("memory", [...SETTINGS, "materiality=0.01"]);
    const recorded = await record(drifting, scenario(13, 4, 8));
    const restored = [await recordRestored(recorded, 1), await recordRestored(recorded, "lost")];
    const trials = singleFaults([...recorded, ...restored]);
    await enumeration.expectNoFailure("materiality 0.01, single faults", trials, 400);
    for (const { before } of [...recorded, ...restored, { before: drifting }]) await before.remove();
  });
});
