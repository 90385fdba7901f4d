/** What a start restores of published evidence. */
import { expect, test } from "vitest";
import { Engine } from "../../src/core/engine.ts";
import { DEFAULT_SETTINGS } from "../../src/core/settings.ts";
import type { Item } from "../../src/events/delta.ts";
import type { InputEvent } from "../../src/events/event.ts";
import { FOUNDED_MINUTE, FOUNDED_MS, FOUNDING, load } from "../support/founded.ts";

const SETTINGS = { ...DEFAULT_SETTINGS, materiality: { numerator: 20, denominator: 100 } };
const LEAVERS = FOUNDING.filter((event) => event.type === "identity.upserted")
  .slice(0, 30)
  .map(({ user }): InputEvent => ({ type: "identity.removed", user, at: FOUNDED_MS + 1 }));

function settle(engine: Engine): void {
  while (engine.pendingCount() > 0) engine.step({ clockMinute: FOUNDED_MINUTE, events: [], budgetRecords: 1000 });
}

test("evidence that was kept some steps ago does not outdo what consumers were told since", () => {
  const engine = new Engine(SETTINGS);
  load(engine, FOUNDING);
  engine.start(FOUNDED_MINUTE);
  settle(engine);
  for (const event of LEAVERS) {
    engine.step({ clockMinute: FOUNDED_MINUTE, events: [{ event, recordAtMs: FOUNDED_MS + 1 }], budgetRecords: 1000 });
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
  load(again, [...FOUNDING, ...LEAVERS]);
  again.restorePublished(told.predictions, told.recommendations, told.flags);
  again.start(FOUNDED_MINUTE);
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
