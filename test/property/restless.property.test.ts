import { expect, test } from "vitest";
import { checkSeeds, RUNS } from "./property-runs.ts";

test("the engine against the oracle, with restarts while much is pending and choices made ahead", () => {
  const runs = Math.ceil(RUNS / 10);
  const { counts } = checkSeeds("restless", runs);
  console.log(`${runs} restless runs: ${[...counts].map(([branch, hits]) => `${branch} ${hits}`).join(", ")}`);
  expect(counts.get("ripple split")).toBeGreaterThan(runs);
}, 3_600_000);
