import { describe, expect, test } from "vitest";
import { Engine } from "../../src/core/engine.ts";
import { BranchCounts } from "./branches.ts";
import { checkRun } from "./check-run.ts";
import { BRANCH_HITS_MIN, checkSeeds, RUNS, RUNS_FOR_BRANCHES } from "./property-runs.ts";
import { savedRuns } from "./saved-runs.ts";

describe("the engine against the oracle, at materiality 0", () => {
  test.each(savedRuns())("saved run: %s", (_name, run) => checkRun(run, Engine, new BranchCounts()));

  test("random runs", { timeout: 3_600_000 }, () => {
    const runs = Math.ceil(RUNS / 2);
    const { counts } = checkSeeds("exact", runs);
    console.log(
      `${runs} runs at materiality 0: ${[...counts].map(([branch, hits]) => `${branch} ${hits}`).join(", ")}`,
    );
    if (runs < RUNS_FOR_BRANCHES) return;
    for (const [branch, hits] of counts) expect(hits, branch).toBeGreaterThanOrEqual(BRANCH_HITS_MIN);
  });
});
