/** What a start restores of published evidence. */
import { expect, test } from "vitest";
import { Engine } from "../../src/core/engine.ts";
import { DEFAULT_SETTINGS } from "../../src/core/settings.ts";
import { makeCompany } from "../../src/demo/company.ts";
import { foundingEvents } from "../../src/demo/company-events.ts";
import type { Item } from "../../src/events/delta.ts";
import type { InputEvent } from "../../src/events/event.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const MINUTE = NOW_MS / 60_000;
const SETTINGS = { ...DEFAULT_SETTINGS, materiality: { numerator: 20, denominator: 100 } };
const EVENTS: readonly InputEvent[] = [...foundingEvents(makeCompany({ people: 300, seed: 1, attributes: 8 }), NOW_MS)];
const LEAVERS = EVENTS.filter((event) => event.type === "identity.upserted")
  .slice(0, 30)
  .map(({ user }): InputEvent => ({ type: "identity.removed", user, at: NOW_MS + 1 }));

function load(engine: Engine, events: readonly InputEvent[]): void {
  const withTimes = events.map((event) => ({ event, recordAtMs: NOW_MS }));
  engine.step({ clockMinute: MINUTE, events: withTimes, budgetRecords: 1, catchUp: true });
}

function settle(engine: Engine): void {
  while (engine.pendingCount() > 0) engine.step({ clockMinute: MINUTE, events: [], budgetRecords: 1000 });
}

test("evidence that was kept some steps ago does not outdo what consumers were told since", () => {
  const engine = new Engine(SETTINGS);
  load(engine, EVENTS);
  engine.start(MINUTE);
  settle(engine);
  for (const event of LEAVERS) {
    engine.step({ clockMinute: MINUTE, events: [{ event, recordAtMs: NOW_MS + 1 }], budgetRecords: 1000 });
  }
  settle(engine);
  const { drifted, implications } = engine.keptEvidence();
  const old = { drifted: [...drifted], implications: [...implications] };
  expect(old.drifted.length).toBeGreaterThan(100);
  engine.reconcile();
  settle(engine);
  const told = engine.publishedView();

  const again = new Engine(SETTINGS);
  again.loadEvidence(old);
  load(again, [...EVENTS, ...LEAVERS]);
  again.restorePublished(told.predictions, told.recommendations, told.flags);
  again.start(MINUTE);
  const evidence = new Map([...again.publishedEvidence()].map((row) => [ruleKey(row), `${row.freqUnion}/${row.freq}`]));
  const scores = [...told.predictions, ...told.recommendations].filter(({ score }) => score.rule.length > 0);
  const others = scores.filter(({ entitlement, score: { rule, freqUnion, freq } }) => {
    return evidence.get(ruleKey({ rule, entitlement })) !== `${freqUnion}/${freq}`;
  });
  expect(others).toEqual([]);
});

function ruleKey({ rule, entitlement }: { readonly rule: readonly Item[]; readonly entitlement: string }): string {
  return JSON.stringify([entitlement, ...rule]);
}
