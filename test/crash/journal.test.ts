/** The same on the embedded journal: a crash before, after and in the middle of every effect on its files. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  failuresOf,
  pairsOfFaults,
  type Recording,
  record,
  recordRestored,
  sample,
  singleFaults,
  type Trial,
} from "./enumerate.ts";
import { scenario } from "./scenario.ts";
import { World } from "./world.ts";

const SETTINGS = ["materiality=0", "step.recordsMax=5", "step.budgetRecords=3", "step.waitMs=0"];
const MINUTES = 60_000;

describe("crash enumeration, on the journal", () => {
  let world: World;
  let recordings: Recording[];
  beforeAll(async () => {
    world = await World.create("journal", SETTINGS);
    recordings = await record(world, scenario(12, 6, 8));
  }, MINUTES);
  afterAll(async () => {
    for (const { before } of [...recordings, { before: world }]) await before.remove();
  });

  const tryAll = async (what: string, trials: readonly Trial[], count: number) => {
    const tried = sample(trials, count);
    const failures = await failuresOf(tried);
    console.log(`journal, ${what}: ${tried.length} of ${trials.length} crash points tried`);
    expect(failures).toEqual([]);
  };

  it("single faults", { timeout: 20 * MINUTES }, () => tryAll("single faults", singleFaults(recordings), 60));

  it("pairs of faults", { timeout: 20 * MINUTES }, () =>
    tryAll("pairs of faults", pairsOfFaults(recordings.slice(-1), 20), 30),
  );

  it.each([0, 3, "lost"] as const)(
    "recovery of a state that is behind: %s (C6, C7)",
    { timeout: 20 * MINUTES },
    async (backup) => {
      const restored = await recordRestored(recordings, backup);
      await tryAll(`state ${backup}, single faults`, singleFaults([restored]), 15);
      await restored.before.remove();
    },
  );
});
