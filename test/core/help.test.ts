/** The start with a helper that is as far away as another thread: everything comes to the same as without one. */
import { expect, test } from "vitest";
import { Engine } from "../../src/core/engine.ts";
import { DEFAULT_SETTINGS } from "../../src/core/settings.ts";
import { atOnce } from "../../src/core/slices.ts";
import type { View } from "../../src/core/tables.ts";
import type { InputEvent } from "../../src/events/event.ts";
import { FOUNDED_MINUTE, HELD, load, PEOPLE } from "../support/founded.ts";
import { TestHelper } from "../support/test-helper.ts";

const MOVED: InputEvent = { type: "identity.changed", user: "u1", attributes: [["DEPT", ["Elsewhere"]]] };
const NEW_USER: InputEvent = { type: "assignment.granted", user: "nobody yet", entitlement: "Elsewhere" };

function viewOf(engine: Engine): View[] {
  while (engine.pendingCount() > 0) engine.step({ clockMinute: FOUNDED_MINUTE, events: [], budgetRecords: 1000 });
  return [engine.exactView(), engine.publishedView()];
}

function viewWithoutHelp(more: readonly InputEvent[]): View[] {
  const engine = new Engine(DEFAULT_SETTINGS);
  load(engine, [...PEOPLE, ...HELD, ...more]);
  engine.start(FOUNDED_MINUTE);
  return viewOf(engine);
}

test.each([
  ["done at once", 0, false],
  ["done when it is waited for", 3, false],
  ["never done", 3, true],
])("people are planted while assignments are loaded, %s", (_, askedOften, fails) => {
  const engine = new Engine(DEFAULT_SETTINGS);
  const helper = new TestHelper(askedOften, fails);
  load(engine, PEOPLE);
  engine.plantAhead(helper);
  load(engine, [...HELD, NEW_USER]);
  const slices = [...engine.startInSlices(FOUNDED_MINUTE, helper)].length;
  expect(slices).toBeGreaterThan(askedOften);
  expect(helper.asked).toEqual(["plant", "countRules", "fillRules"]);
  expect(viewOf(engine)).toEqual(viewWithoutHelp([NEW_USER]));
});

test("who was changed meanwhile is planted anew", () => {
  const user = PEOPLE.find(({ type }) => type === "identity.upserted") as { readonly user: string };
  const moved = { ...MOVED, user: user.user } as InputEvent;
  const engine = new Engine(DEFAULT_SETTINGS);
  const helper = new TestHelper(1, false);
  load(engine, PEOPLE);
  engine.plantAhead(helper);
  load(engine, [...HELD, moved]);
  atOnce(engine.startInSlices(FOUNDED_MINUTE, helper));
  expect(helper.asked).toEqual(["plant", "plant", "countRules", "fillRules"]);
  expect(viewOf(engine)).toEqual(viewWithoutHelp([moved]));
});

test("what was planted ahead serves a start without help, too", () => {
  const engine = new Engine(DEFAULT_SETTINGS);
  const helper = new TestHelper(0, false);
  load(engine, PEOPLE);
  engine.plantAhead(helper);
  load(engine, HELD);
  engine.start(FOUNDED_MINUTE);
  expect(helper.asked).toEqual(["plant"]);
  expect(viewOf(engine)).toEqual(viewWithoutHelp([]));
});

test("who cannot rest does not wait for a helper that has not answered", () => {
  const engine = new Engine(DEFAULT_SETTINGS);
  load(engine, PEOPLE);
  engine.plantAhead(new TestHelper(Number.MAX_SAFE_INTEGER, false));
  load(engine, HELD);
  engine.start(FOUNDED_MINUTE);
  expect(viewOf(engine)).toEqual(viewWithoutHelp([]));
});
