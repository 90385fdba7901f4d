import { describe, expect, test } from "vitest";
import { BRANCH_HITS_MIN, checkSeeds, RUNS, RUNS_FOR_BRANCHES } from "./property-runs.ts";

describe("the engine against the oracle and the contract of published evidence", () => {
  test("random runs", { timeout: 3_600_000 }, () => {
    const runs = Math.ceil(RUNS / 2);
    const { counts, drift } = checkSeeds("material", runs);
    console.log(
      `${runs} runs at 0.01 to 0.20: ${[...counts].map(([branch, hits]) => `${branch} ${hits}`).join(", ")}, drift ${drift}`,
    );
    if (runs < RUNS_FOR_BRANCHES) return;
    expect(drift).toBeGreaterThanOrEqual(BRANCH_HITS_MIN);
    for (const [branch, hits] of counts) expect(hits, branch).toBeGreaterThanOrEqual(BRANCH_HITS_MIN);
  });
});
