import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as eventLoop } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { expect, test, vi } from "vitest";
import { Engine } from "../../src/core/engine.ts";
import { DEFAULT_SETTINGS } from "../../src/core/settings.ts";
import type { View } from "../../src/core/tables.ts";
import { openLog } from "../../src/log.ts";
import { ChoosingThread } from "../../src/worker/choosing-thread.ts";
import { FOUNDED_MINUTE, FOUNDING, load } from "../support/founded.ts";
import { PROJECT_ROOT } from "../support/project-root.ts";

/** Built, because a thread of Node does not read TypeScript. */
const FILE = pathToFileURL(join(PROJECT_ROOT, "dist/worker/choosing-thread-main.js"));
const LOG = openLog("warn");

/** Counted, nothing looked at. */
function startedEngine(): Engine {
  const engine = new Engine(DEFAULT_SETTINGS);
  load(engine, FOUNDING);
  engine.start(FOUNDED_MINUTE);
  return engine;
}

async function viewOf(engine: Engine): Promise<View> {
  while (engine.pendingCount() > 0) {
    engine.step({ clockMinute: FOUNDED_MINUTE, events: [], budgetRecords: 50 });
    await eventLoop();
  }
  return engine.publishedView();
}

test("what the thread chose is taken, and the view is the same as without it", async () => {
  const engine = startedEngine();
  const taken = vi.spyOn(engine, "takeChoices");
  const thread = ChoosingThread.begin(engine, LOG, { pairsMin: 0, file: FILE })!;
  await vi.waitFor(() => expect(taken).toHaveBeenCalled());
  const view = await viewOf(engine);
  await thread.close();
  expect(taken.mock.calls.length).toBeGreaterThan(10);
  expect(view).toEqual(await viewOf(startedEngine()));
});

test("a thread that fails is a warning, and the engine does all of it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "corollary-choosing-"));
  const path = join(folder, "thread.mjs");
  writeFileSync(path, "throw new Error('out of memory')");
  const warn = vi.spyOn(LOG, "warn").mockImplementation(() => undefined);
  const engine = startedEngine();
  const thread = ChoosingThread.begin(engine, LOG, { pairsMin: 0, file: pathToFileURL(path) })!;
  await vi.waitFor(() => expect(warn).toHaveBeenCalled());
  expect(await viewOf(engine)).toEqual(await viewOf(startedEngine()));
  await thread.close();
  rmSync(folder, { recursive: true });
});

test("a company that is soon looked at has none", () => {
  expect(ChoosingThread.begin(startedEngine(), LOG, { file: FILE })).toBeNull();
});
