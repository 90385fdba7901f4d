/** Deltas and published rows are made when they are asked for. */
import { describe, expect, test } from "vitest";
import { Deferred } from "../../src/core/deferred.ts";
import { Engine, type StepResult } from "../../src/core/engine.ts";
import { DEFAULT_SETTINGS } from "../../src/core/settings.ts";
import type { InputEvent } from "../../src/events/event.ts";

const MINUTE = 28_000_000;

const joins = (user: string): InputEvent => ({
  type: "identity.upserted",
  user,
  attributes: [["CITY", ["San Jose"]]],
});
const grant = (user: string, id?: string): InputEvent => ({
  type: "assignment.granted",
  user,
  entitlement: "Payroll",
  ...(id === undefined ? {} : { id }),
});

function step(engine: Engine, ...events: readonly InputEvent[]): StepResult {
  const stamped = events.map((event) => ({ event, recordAtMs: MINUTE * 60_000 }));
  return engine.step({ clockMinute: MINUTE, events: stamped, budgetRecords: 100 });
}

/** Three of four hold Payroll. */
function smallCompany(): Engine {
  const engine = new Engine(DEFAULT_SETTINGS);
  const events = [..."abcd"].map(joins);
  void step(engine, ...events, ...[..."abc"].map((user) => grant(user))).deltas;
  return engine;
}

describe("what a step leaves behind", () => {
  test("is the same however often it is asked for", () => {
    const result = step(smallCompany(), grant("d", "evt-1"));
    expect(result.deltas).toBe(result.deltas);
    expect(result.changes.published).toBe(result.changes.published);
    expect(result.deltas).toHaveLength(result.deltaCount);
    expect(result.changes.published).toHaveLength(4);
  });

  test("names cause, score and what was told before", () => {
    const engine = smallCompany();
    const { deltas } = step(engine, grant("d", "evt-1"));
    const rule = [{ attribute: "CITY", value: "San Jose" }];
    const score = { rule, freqUnion: 4, freq: 4, band: "high", reason: null };
    const told = { type: "prediction.upserted", entitlement: "Payroll", score };
    const others = [..."abc"].map((user) => ({ ...told, user, cause: null, previous: { ...score, freqUnion: 3 } }));
    expect(deltas).toEqual([{ ...told, user: "d", cause: "evt-1", previous: null }, ...others]);
  });

  test("cannot be asked for first when the next step has begun; what was asked for stays", () => {
    const engine = smallCompany();
    const first = step(engine, grant("d"));
    const second = step(engine, { type: "assignment.revoked", user: "d", entitlement: "Payroll" });
    expect(() => first.deltas).toThrow("gone on");
    expect(() => first.changes.published).toThrow("gone on");
    const { deltas } = second;
    step(engine, grant("d"));
    expect(second.deltas).toBe(deltas);
  });
});

describe("published rows of an engine at rest", () => {
  test("cannot be asked for first when everything has been counted anew: rules have other numbers then", () => {
    const engine = smallCompany();
    const rest = { clockMinute: MINUTE, budgetRecords: 100, catchUp: true, events: [] };
    const asked = engine.step(rest).changes;
    expect(asked.published).toEqual([]);
    engine.exactView();
    const { changes } = engine.step(rest);
    engine.exactView();
    expect(() => changes.published).toThrow("gone on");
  });
});

describe("Deferred", () => {
  test("is made once, when it is first asked for", () => {
    let made = 0;
    const deferred = new Deferred(() => ++made);
    expect(made).toBe(0);
    expect([deferred.value, deferred.value, made]).toEqual([1, 1, 1]);
    deferred.end();
    expect(deferred.value).toBe(1);
  });
});
