/** A check that cannot fail proves nothing: each mutation of the protocol must make the enumeration fail. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CANARIES } from "./canaries.ts";
import { failuresOf, lastOf, pointsOf, type Recording, record, recordRestored, singleFaults } from "./enumerate.ts";
import { scenario } from "./scenario.ts";
import { World } from "./world.ts";

const MINUTES = 60_000;

describe("a broken protocol is noticed", () => {
  let world: World;
  let recordings: Recording[];
  let restored: Recording;
  beforeAll(async () => {
    world = World.create("memory", ["materiality=0", "step.recordsMax=5", "step.budgetRecords=3", "step.waitMs=0"]);
    recordings = await record(world, scenario(12, 5, 8));
    restored = await recordRestored(recordings, 2);
  }, MINUTES);
  afterAll(async () => {
    for (const { before } of [...recordings, restored, { before: world }]) await before.remove();
  });

  it("has at least six canaries", () => expect(CANARIES.length).toBeGreaterThanOrEqual(6));

  it.each(CANARIES)("$name", { timeout: 20 * MINUTES }, async (canary) => {
    const remove = canary.plant?.();
    try {
      const recorded = canary.caughtBy === "restore" ? restored : lastOf(recordings);
      const points = await pointsOf(recorded, canary);
      const [failure] = await failuresOf(singleFaults([{ ...recorded, points }]), canary, 1);
      expect(failure, "no trial failed").toBeDefined();
      console.log(`${canary.name}: ${failure?.slice(0, 200)}`);
    } finally {
      remove?.();
    }
  });
});
