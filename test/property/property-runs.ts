/** Runs of many seeds. A failing one is named by its family and seed: all that is needed to play it again. */
import { Engine } from "../../src/core/engine.ts";
import { type Run, randomRun, reorganised, restless } from "../support/random-run.ts";
import { BranchCounts } from "./branches.ts";
import { checkRun, type EngineClass } from "./check-run.ts";

/** Runs in all; PROPERTY_RUNS asks for more, or for fewer. The exact and the material ones have half of them each. */
export const RUNS: number = Number(process.env.PROPERTY_RUNS ?? 1_000);
/** Below this many runs a branch may well be missed; they are then only counted. */
export const RUNS_FOR_BRANCHES = 100;
export const BRANCH_HITS_MIN = 100;
const EVENTS_MIN = 200;

const FAMILIES = {
  exact: { firstSeed: 0, hundredths: [0], arrange: (run: Run): Run => run },
  material: { firstSeed: 1_000_000, hundredths: [1, 5, 5, 20], arrange: (run: Run): Run => run },
  reorganised: { firstSeed: 3_000_000, hundredths: [0, 5, 20, 20], arrange: reorganised },
  restless: { firstSeed: 2_000_000, hundredths: [0, 5, 20, 20], arrange: restless },
} as const;
export type Family = keyof typeof FAMILIES;

export function runOf(family: Family, seed: number): Run {
  const { hundredths, arrange } = FAMILIES[family];
  return arrange(randomRun(seed, EVENTS_MIN, hundredths));
}

export function checkSeeds(family: Family, count: number, engineClass: EngineClass = Engine): BranchCounts {
  const branches = new BranchCounts();
  const { firstSeed } = FAMILIES[family];
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    try {
      checkRun(runOf(family, seed), engineClass, branches);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      const shrink = `PROPERTY_SHRINK="${family} ${seed}" npx vitest run test/property/minimise.test.ts`;
      throw new Error(`${family} run, seed ${seed} (shrink it: ${shrink})\n${message}`, { cause });
    }
  }
  return branches;
}
