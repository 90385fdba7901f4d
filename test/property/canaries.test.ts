/**
 * Planted bugs: each is one replacement in a copy of the engine, and the property runs must catch it. A check that
 * cannot fail proves nothing.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BranchCounts } from "./branches.ts";
import { CANARIES, type Canary } from "./canary-list.ts";
import { checkRun, type EngineClass } from "./check-run.ts";
import { checkSeeds } from "./property-runs.ts";
import { savedRuns } from "./saved-runs.ts";

/** A planted bug must be found within this many runs. */
const RUNS_MAX = 60;
const SOURCES = fileURLToPath(new URL("../../src/", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "corollary-canaries-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a planted bug is caught", () => {
  test("there are at least ten", () => expect(CANARIES.length).toBeGreaterThanOrEqual(10));
  test.each(CANARIES)("$name", { timeout: 600_000 }, async (canary) => {
    const engineClass = await engineWith(canary);
    const playAll = (): void => {
      for (const [, run] of savedRuns()) checkRun(run, engineClass, new BranchCounts());
      checkSeeds(canary.family, RUNS_MAX, engineClass);
    };
    expect(playAll).toThrow();
  });
});

async function engineWith({ name, file, find, replace }: Canary): Promise<EngineClass> {
  const copy = join(folder, name.replaceAll(/\W+/g, "-"));
  for (const part of ["core", "events", "errors.ts"])
    cpSync(join(SOURCES, part), join(copy, part), { recursive: true });
  const path = join(copy, "core", file);
  const source = readFileSync(path, "utf8");
  expect(source.split(find), `"${find}" stands exactly once in ${file}`).toHaveLength(2);
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
  return ((await import(join(copy, "core", "engine.ts"))) as { Engine: EngineClass }).Engine;
}
