/**
 * Not a check but a tool: PROPERTY_SHRINK="exact 17" shrinks the failing run of that family and seed and saves it, to
 * be replayed first from then on.
 */
import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Engine } from "../../src/core/engine.ts";
import { type Family, runOf } from "./property-runs.ts";
import { failureOf, shrinkRun } from "./shrink-run.ts";

const [family, seed] = (process.env.PROPERTY_SHRINK ?? "").split(" ");

test.skipIf(seed === undefined)("shrink a failing run", { timeout: 3_600_000 }, () => {
  const run = runOf(family as Family, Number(seed));
  expect(failureOf(run, Engine), "the run passes: there is nothing to shrink").not.toBeNull();
  const file = new URL(`saved/${family}-${seed}.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(shrinkRun(run, Engine), null, 2)}\n`);
  console.log(`saved as test/property/saved/${family}-${seed}.json`);
});
