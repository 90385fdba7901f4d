/** A second crash while the first fault is being recovered from, on a run of 12 steps. `CRASH_TRIALS=all` tries each. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Enumeration, pairsOfFaults, type Recording, record } from "./enumerate.ts";
import { scenario } from "./scenario.ts";
import { World } from "./world.ts";

const SETTINGS = ["materiality=0", "step.recordsMax=4", "step.budgetRecords=3", "step.waitMs=0"];
const STEPS_MIN = 12;
/** How many calls after the first fault the second one may come. */
const DISTANCE = 20;
const MINUTES = 60_000;

describe("pairs of faults", () => {
  let world: World;
  let recordings: Recording[];
  beforeAll(async () => {
    world = World.create("memory", SETTINGS);
    recordings = await record(world, scenario(12, 2, 18));
  }, MINUTES);
  afterAll(async () => {
    for (const { before } of [...recordings, { before: world }]) await before.remove();
  });

  it("the second while the first is recovered from", { timeout: 60 * MINUTES }, async () => {
    const waves = recordings.slice(1);
    const steps = waves.flatMap(({ points }) => points.filter((point) => point === "after publish"));
    expect(steps.length).toBeGreaterThanOrEqual(STEPS_MIN);
    const trials = pairsOfFaults(waves, DISTANCE);
    await new Enumeration("in memory").expectNoFailure(`pairs of faults on ${steps.length} steps`, trials, 900);
  });
});
