import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test, vi } from "vitest";
import { Engine } from "../../src/core/engine.ts";
import type { Errand } from "../../src/core/help.ts";
import { DEFAULT_SETTINGS } from "../../src/core/settings.ts";
import { openLog } from "../../src/log.ts";
import { HelpingThread } from "../../src/worker/helping-thread.ts";
import { StartHelp } from "../../src/worker/start-help.ts";
import { FOUNDED_MINUTE, FOUNDING, HELD, load, PEOPLE } from "../support/founded.ts";
import { PROJECT_ROOT } from "../support/project-root.ts";

/** Built, because a thread of Node does not read TypeScript. */
const built = (file: string): URL => pathToFileURL(join(PROJECT_ROOT, "dist", file));
const FILE = built("worker/helping-thread-main.js");
const LOG = openLog("warn");

async function startedWith(help: StartHelp): Promise<Engine> {
  const engine = new Engine(DEFAULT_SETTINGS);
  load(engine, PEOPLE);
  help.plantAhead(engine);
  load(engine, HELD);
  await help.start(engine, FOUNDED_MINUTE);
  await help.end();
  return engine;
}

function startedWithout(): Engine {
  const engine = new Engine(DEFAULT_SETTINGS);
  load(engine, FOUNDING);
  engine.start(FOUNDED_MINUTE);
  return engine;
}

test("a thread helps, and everything is counted as without it", async () => {
  const warn = vi.spyOn(LOG, "warn");
  const asked = (["plant", "countRules", "fillRules"] as const).map((what) => vi.spyOn(HelpingThread.prototype, what));
  const engine = await startedWith(new StartHelp(LOG, { peopleMin: 0, file: FILE }));
  expect(warn).not.toHaveBeenCalled();
  for (const spy of asked) {
    expect(spy).toHaveBeenCalledOnce();
    expect((spy.mock.results[0]!.value as Errand<unknown>).result).toBeTruthy();
    spy.mockRestore();
  }
  warn.mockRestore();
  expect(engine.exactView()).toEqual(startedWithout().exactView());
});

test.each([
  ["at once", "throw new Error('out of memory')"],
  [
    "in the middle of the start",
    `import { parentPort } from "node:worker_threads";
    import { plant } from "${built("core/planted.js").href}";
    import { atOnce } from "${built("core/slices.js").href}";
    parentPort.on("message", ({ kind, basis }) => {
      if (kind !== "plant") throw new Error("out of memory");
      parentPort.postMessage(atOnce(plant(basis)));
    });`,
  ],
])("a thread that fails %s is a warning, and the engine does all of it", async (_, program) => {
  const folder = mkdtempSync(join(tmpdir(), "corollary-helping-"));
  const path = join(folder, "thread.mjs");
  writeFileSync(path, program);
  const warn = vi.spyOn(LOG, "warn").mockImplementation(() => undefined);
  const engine = await startedWith(new StartHelp(LOG, { peopleMin: 0, file: pathToFileURL(path) }));
  expect(warn).toHaveBeenCalledOnce();
  warn.mockRestore();
  expect(engine.exactView()).toEqual(startedWithout().exactView());
  rmSync(folder, { recursive: true });
});

test("a small company is counted without a thread", async () => {
  const help = new StartHelp(LOG, { file: FILE });
  const helped = vi.spyOn(Engine.prototype, "plantAhead");
  await startedWith(help);
  expect(helped).not.toHaveBeenCalled();
  helped.mockRestore();
});

test("a signal ends a start that is counting", async () => {
  const engine = new Engine(DEFAULT_SETTINGS);
  load(engine, FOUNDING);
  await expect(new StartHelp(LOG).start(engine, FOUNDED_MINUTE, AbortSignal.abort())).rejects.toThrow(
    "ended by the signal",
  );
});
