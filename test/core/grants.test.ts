/** Grants as columns against the same grants as events: nothing that anybody can see may differ. */
import { describe, expect, test } from "vitest";
import { Engine, type StepEvent } from "../../src/core/engine.ts";
import { DEFAULT_SETTINGS } from "../../src/core/settings.ts";
import type { AssignmentGranted, AssignmentGrants } from "../../src/events/event.ts";
import { randomRun } from "../support/random-run.ts";
import { RandomSource } from "../support/random-source.ts";

const RECORD_AT_MS = Date.UTC(2026, 1, 1);
const CLOCK_MINUTE = RECORD_AT_MS / 60_000;
const BUDGET = 1_000_000;

function columnsOf(grants: readonly AssignmentGranted[]): AssignmentGrants {
  const users = [...new Set(grants.map(({ user }) => user))];
  const entitlements = [...new Set(grants.map(({ entitlement }) => entitlement))];
  return {
    users,
    entitlements,
    userAt: Uint32Array.from(grants, ({ user }) => users.indexOf(user)),
    entitlementAt: Uint32Array.from(grants, ({ entitlement }) => entitlements.indexOf(entitlement)),
    highRisk: Uint8Array.from(grants, ({ highRisk }) => (highRisk == null ? 0 : highRisk ? 2 : 1)),
    lastUsedAt: Float64Array.from(grants, ({ lastUsedAt }) => lastUsedAt ?? -1),
  };
}

/** Two engines that are given the same, one as events, one as columns. */
class Twins {
  readonly #byEvents: Engine;
  readonly #byColumns: Engine;

  constructor(settings = DEFAULT_SETTINGS) {
    this.#byEvents = new Engine(settings);
    this.#byColumns = new Engine(settings);
  }

  play(events: readonly StepEvent[], clockMinute: number): void {
    for (const engine of [this.#byEvents, this.#byColumns]) engine.step({ events, clockMinute, budgetRecords: BUDGET });
  }

  grant(grants: readonly AssignmentGranted[], catchUp: boolean): void {
    const step = { clockMinute: CLOCK_MINUTE, budgetRecords: BUDGET, catchUp };
    const events = grants.map((event) => ({ event, recordAtMs: RECORD_AT_MS }));
    const one = this.#byEvents.step({ ...step, events });
    const columns = { grants: columnsOf(grants), recordAtMs: RECORD_AT_MS };
    const other = this.#byColumns.step({ ...step, events: [], grants: columns });
    expect(other.outcomes).toEqual(one.outcomes);
    expect(other.changes.users).toEqual(one.changes.users);
    expect(other.changes.entitlements).toEqual(one.changes.entitlements);
    expect(texts(other.deltas)).toEqual(texts(one.deltas));
  }

  compare(): void {
    expect(texts(this.#byColumns.tables().assignments)).toEqual(texts(this.#byEvents.tables().assignments));
    expect(this.#byColumns.tables().identities).toEqual(this.#byEvents.tables().identities);
    this.play([], CLOCK_MINUTE);
    for (const part of ["predictions", "recommendations", "flags"] as const) {
      expect(texts(this.#byColumns.publishedView()[part])).toEqual(texts(this.#byEvents.publishedView()[part]));
    }
    expect(texts(this.#byColumns.exactView().rules)).toEqual(texts(this.#byEvents.exactView().rules));
  }
}

const texts = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

function randomGrants(random: RandomSource, users: readonly string[], entitlements: readonly string[]) {
  return Array.from(
    { length: random.between(1, 60) },
    (): AssignmentGranted => ({
      type: "assignment.granted",
      user: random.pick(users),
      entitlement: random.pick(entitlements),
      ...random.pick([{}, { highRisk: null }, { highRisk: true }, { highRisk: false }]),
      ...random.pick([
        {},
        { lastUsedAt: null },
        { lastUsedAt: 0 },
        { lastUsedAt: RECORD_AT_MS - random.between(0, 9) },
      ]),
    }),
  );
}

describe("grants as columns", () => {
  test("come to what the same events come to, whatever was there before", () => {
    for (let seed = 0; seed < 60; seed++) {
      const { settings, actions } = randomRun(seed, 60, [0, 5]);
      const random = new RandomSource(seed);
      const twins = new Twins(settings);
      const [users, entitlements] = [["new.1", "new.2"], ["New"]];
      for (const action of actions) {
        if (action.do !== "step") continue;
        twins.play(action.events, action.clockMinute);
        for (const { event } of action.events) {
          if ("user" in event) users.push(event.user);
          if ("entitlement" in event) entitlements.push(event.entitlement);
        }
        if (random.chance(0.1)) twins.grant(randomGrants(random, users, entitlements), random.chance(0.5));
      }
      twins.grant(randomGrants(random, users, entitlements), true);
      twins.compare();
    }
  });

  test.each([
    ["by user", (user: number, entitlement: number) => user * 1_000 + entitlement],
    ["by entitlement", (user: number, entitlement: number) => entitlement * 10_000 + user],
    ["in no order", (user: number, entitlement: number) => ((user * 71 + entitlement) * 7_919) % 104_729],
  ])("many of them, %s", (_name, order) => {
    const pairs = Array.from({ length: 15_000 }, (_, i) => [i % 41 === 0 ? 7 : i % 601, (i * 7) % 311] as const);
    const grants = [...pairs, ...pairs.slice(0, 500)]
      .sort(([user, entitlement], [otherUser, other]) => order(user, entitlement) - order(otherUser, other))
      .map(([user, entitlement]): AssignmentGranted => {
        return { type: "assignment.granted", user: `u${user}`, entitlement: `e${entitlement}` };
      });
    const twins = new Twins();
    for (let from = 0; from < grants.length; from += 6_000) twins.grant(grants.slice(from, from + 6_000), true);
    twins.compare();
  });
});
