/** The same on the embedded journal: a crash before, after and in the middle of every effect on its files. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { Enumeration, pairsOfFaults, type Recording, record, recordRestored, singleFaults } from "./enumerate.ts";
import { scenario } from "./scenario.ts";
import { World } from "./world.ts";

const SETTINGS = ["materiality=0", "step.recordsMax=5", "step.budgetRecords=3", "step.waitMs=0"];
const MINUTES = 60_000;

describe("crash enumeration, on the journal", () => {
  let world: World;
  let recordings: Recording[];
  const enumeration = new Enumeration("on the journal");
  beforeAll(async () => {
    world = World.create("journal", SETTINGS);
    recordings = await record(world, scenario(12, 5, 8));
  }, MINUTES);
  afterAll(async () => {
    enumeration.tell();
    for (const { before } of [...recordings, { before: world }]) await before.remove();
  });

  it("single faults", { timeout: 20 * MINUTES }, () =>
    enumeration.expectNoFailure("single faults", singleFaults(recordings), 500),
  );

  it("pairs of faults", { timeout: 20 * MINUTES }, () =>
    enumeration.expectNoFailure("pairs of faults", pairsOfFaults(recordings.slice(-1), 20), 400),
  );

  it.each([0, 3, "lost"] as const)(
    "recovery of a state that is behind: %s (C6, C7)",
    { timeout: 20 * MINUTES },
    async (backup) => {
      const restored = await recordRestored(recordings, backup);
      await enumeration.expectNoFailure(`state ${backup}, single faults`, singleFaults([restored]), 60);
      await restored.before.remove();
    },
  );
});
