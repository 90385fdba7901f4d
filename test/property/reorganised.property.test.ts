import { expect, test } from "vitest";
import { BRANCH_HITS_MIN, checkSeeds, RUNS, RUNS_FOR_BRANCHES } from "./property-runs.ts";

test("the engine against the oracle, with steps that move many people", () => {
  const runs = Math.ceil(RUNS / 10);
  const { countedLater } = checkSeeds("reorganised", runs);
  console.log(`${runs} reorganised runs: ${countedLater} steps after which people waited to be counted`);
  if (runs >= RUNS_FOR_BRANCHES) expect(countedLater).toBeGreaterThan(BRANCH_HITS_MIN);
}, 3_600_000);
