/** Steps that move more people than they count: what they tell, and when the rest is counted. */
import { describe, expect, test } from "vitest";
import { Engine, type StepResult } from "../../src/core/engine.ts";
import { recount } from "../../src/core/recount.ts";
import { compareViews } from "../../src/core/recount-checks.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../src/core/settings.ts";
import type { InputEvent } from "../../src/events/event.ts";

const MINUTE = 28_000_000;
const SETTINGS: Settings = { ...DEFAULT_SETTINGS, materiality: { numerator: 0, denominator: 100 } };
const MANY = 1_000_000;

const inDept = (user: string, dept: string): InputEvent => ({
  type: "identity.upserted",
  user,
  attributes: [["DEPT", [dept]]],
});
const grant = (user: string, entitlement: string): InputEvent => ({ type: "assignment.granted", user, entitlement });
const revoke = (user: string, entitlement: string): InputEvent => ({ type: "assignment.revoked", user, entitlement });
const users = (dept: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${dept}${i}`);
/** The same with a value that nothing is counted by. */
const loggedIn =
  (at: number) =>
  (event: InputEvent): InputEvent =>
    ({ ...event, lastLoginAt: at }) as InputEvent;
const move = (from: string, count: number, to: string): InputEvent[] =>
  users(from, count).map((user) => inDept(user, to));

class Scene {
  readonly engine: Engine;

  constructor(company: readonly InputEvent[], settings: Settings = SETTINGS) {
    this.engine = new Engine(settings);
    this.step(company, { countedAtOnceMax: MANY });
    this.settle();
  }

  step(events: readonly InputEvent[], { countedAtOnceMax = 1, budgetRecords = MANY } = {}): StepResult {
    const stamped = events.map((event) => ({ event, recordAtMs: MINUTE * 60_000 }));
    return this.engine.step({ clockMinute: MINUTE, events: stamped, budgetRecords, countedAtOnceMax });
  }

  settle(): void {
    while (this.engine.pendingCount() > 0) this.step([]);
  }

  faults(): string[] {
    return compareViews(this.engine.exactView(), recount(this.engine.tables(), SETTINGS), 5);
  }
}

/** All of A hold Ledger, all of B hold Badge. */
const COMPANY: readonly InputEvent[] = ["A", "B"].flatMap((dept) =>
  users(dept, 10).flatMap((user) => [inDept(user, dept), grant(user, dept === "A" ? "Ledger" : "Badge")]),
);

describe("a mass of movers", () => {
  test("is told at once, by rules as they were before anybody moved", () => {
    const scene = new Scene(COMPANY);
    const { deltas } = scene.step(move("A", 4, "B"));
    expect(scene.engine.isCounted).toBe(false);
    const told = deltas.find(({ type, user }) => type === "recommendation.upserted" && user === "A0");
    expect(told).toMatchObject({ entitlement: "Badge", score: { freqUnion: 10, freq: 10 } });
    scene.settle();
    expect(scene.faults()).toEqual([]);
    const now = scene.engine.publishedView().recommendations.find(({ user }) => user === "A0");
    expect(now).toBeUndefined();
  });

  test("of as many people as a step counts is counted at once, and so is one among other events", () => {
    const scene = new Scene(COMPANY);
    scene.step(move("A", 2, "B"), { countedAtOnceMax: 2 });
    expect(scene.engine.isCounted).toBe(true);
    scene.step([...move("B", 2, "A"), grant("A5", "Badge"), grant("A6", "Badge"), grant("A7", "Badge")]);
    expect(scene.engine.isCounted).toBe(true);
    expect(scene.faults()).toEqual([]);
  });

  test("is none when everybody is named and nobody moves", () => {
    const scene = new Scene(COMPANY);
    const named = users("A", 10).map((user, i) => loggedIn(i)(inDept(user, "A")));
    expect(scene.step(named).outcomes).toEqual(named.map(() => "applied"));
    expect(scene.engine.isCounted).toBe(true);
    scene.step([...named, ...move("B", 2, "A")]);
    expect(scene.engine.isCounted).toBe(true);
  });

  test("in a small company is counted at once unless something else is asked for", () => {
    const engine = new Engine(SETTINGS);
    engine.start(MINUTE);
    const events = [...COMPANY, ...users("C", 40).map((user) => inDept(user, "C"))];
    const step = (some: readonly InputEvent[]): StepResult =>
      engine.step({
        clockMinute: MINUTE,
        events: some.map((event) => ({ event, recordAtMs: MINUTE * 60_000 })),
        budgetRecords: MANY,
      });
    step(events);
    step(move("C", 40, "A"));
    expect(engine.isCounted).toBe(true);
  });

  test("is all pending until it is counted, some in every step", () => {
    const scene = new Scene(COMPANY);
    scene.step(move("A", 3, "B"));
    expect(scene.engine.pendingCount()).toBe(2);
    let steps = 0;
    for (; !scene.engine.isCounted; steps++) scene.step([]);
    expect(steps).toBe(3);
    expect(scene.faults()).toEqual([]);
  });

  test("that is too large is counted by new counters, and what happens meanwhile is not forgotten", () => {
    const scene = new Scene(COMPANY);
    scene.step(move("A", 8, "B"));
    let steps = 0;
    for (; !scene.engine.isCounted; steps++) {
      const events = steps < 3 ? [grant(`A${steps}`, "Badge"), inDept(`new${steps}`, "B")] : [];
      scene.step(events, { budgetRecords: 1 });
    }
    expect(steps).toBeGreaterThan(5);
    scene.settle();
    expect(scene.faults()).toEqual([]);
  });

  test("is told itemsets that keep their meaning while somebody waits who was told of them", () => {
    const scene = new Scene([
      ...users("C", 3).flatMap((user) => [inDept(user, "C"), grant(user, "Key")]),
      ...[...users("A", 5), ...users("W", 2), ...users("Y", 1), ...users("X", 1)].map((user) => inDept(user, "A")),
    ]);
    const events = [...move("C", 3, "B"), inDept("W0", "B"), inDept("Y0", "Z"), inDept("W1", "B"), inDept("X0", "C")];
    scene.step(events, { countedAtOnceMax: 2 });
    while (!scene.engine.isCounted) {
      const told = scene.engine.publishedView().recommendations.find(({ user }) => user === "X0");
      expect(told?.score.rule ?? [{ attribute: "DEPT", value: "C" }]).toEqual([{ attribute: "DEPT", value: "C" }]);
      scene.step([], { countedAtOnceMax: 2 });
    }
    scene.settle();
    expect(scene.faults()).toEqual([]);
  });

  test("tells of somebody with nothing but new values that no group is large enough", () => {
    const scene = new Scene(COMPANY);
    const { deltas } = scene.step([...move("A", 3, "new"), ...move("B", 3, "newer")]);
    expect(scene.engine.isCounted).toBe(false);
    const told = deltas.find(({ type, user }) => type === "prediction.upserted" && user === "A0");
    expect(told).toMatchObject({ score: { reason: "group-too-small" } });
  });

  test("that waits is not counted faster for being named with nothing new", () => {
    const scene = new Scene([...COMPANY, ...users("C", 50).map((user) => inDept(user, "C"))]);
    scene.step(move("C", 8, "A"), { countedAtOnceMax: 2 });
    let steps = 0;
    for (; !scene.engine.isCounted; steps++) {
      const named = [...users("B", 10).map((user) => inDept(user, "B")), ...move("C", 8, "A")];
      scene.step(named.map(loggedIn(steps)), { countedAtOnceMax: 2, budgetRecords: 1 });
    }
    expect(steps).toBe(4);
    scene.settle();
    expect(scene.faults()).toEqual([]);
  });

  test("in a new department is none when it is named again, and so it is counted", () => {
    const scene = new Scene(COMPANY);
    scene.step(move("A", 4, "new"));
    for (let steps = 0; steps < 4; steps++) {
      expect(scene.engine.isCounted).toBe(false);
      scene.step(move("A", 4, "new").map(loggedIn(steps)));
    }
    expect(scene.engine.isCounted).toBe(true);
  });

  test("does not begin one rebuild after another because of those who come by and by", () => {
    const scene = new Scene([...COMPANY, ...users("C", 60).map((user) => inDept(user, "C"))]);
    scene.step(move("A", 8, "B"));
    let steps = 0;
    for (; !scene.engine.isCounted && steps < 50; steps++) {
      const single = inDept(`C${steps}`, steps % 2 === 0 ? "A" : "B");
      const mass = steps % 10 === 5 ? [inDept("B0", `X${steps}`), inDept("B1", `X${steps}`)] : [];
      scene.step(mass.length > 0 ? mass : [single, grant("B5", `Some${steps}`)], { budgetRecords: 1 });
    }
    expect(scene.engine.isCounted).toBe(true);
    scene.settle();
    expect(scene.faults()).toEqual([]);
  });

  test("that is counted on demand leaves everything pending that follows from it", () => {
    const settings = { ...SETTINGS, birthrightAbove: { numerator: 1, denominator: 2 } };
    const holds = [...users("A", 9), ...users("B", 2)].map((user) => grant(user, "E"));
    const people = ["A", "B"].flatMap((dept) => users(dept, 10).map((user) => inDept(user, dept)));
    const scene = new Scene([...people, ...holds], settings);
    scene.step(users("N", 5).map((user) => inDept(user, "N")));
    const exact = scene.engine.exactView();
    expect(exact.recommendations.map(({ user }) => user)).toContain("A9");
    scene.settle();
    expect(scene.engine.publishedView().recommendations).toEqual(exact.recommendations);
  });

  test("does not keep anybody from exact counts", () => {
    const scene = new Scene(COMPANY);
    for (const count of [3, 9]) {
      scene.step(move("A", count, count === 3 ? "B" : "C"));
      expect(scene.engine.isCounted).toBe(false);
      expect(scene.faults()).toEqual([]);
      expect(scene.engine.isCounted).toBe(true);
    }
  });

  test("holders that wait are counted on demand with what they were", () => {
    // Six people hold Key among a hundred in A: to count who has both, the holders are gone through.
    const scene = new Scene([
      ...users("A", 100).map((user) => inDept(user, "A")),
      ...users("X", 6).flatMap((user) => [inDept(user, "X"), grant(user, "Key")]),
      ...["A0", "A1"].map((user) => grant(user, "Key")),
    ]);
    scene.step(move("X", 4, "A"));
    for (let steps = 0; !scene.engine.isCounted; steps++) scene.step([], { countedAtOnceMax: 1 });
    expect(scene.faults()).toEqual([]);
  });

  test("with a revocation that waits leaves nobody without the recommendation that a rule brings meanwhile", () => {
    // 20 of 22 hold it, then 20 of 20 as it is counted, then 19 of 20: only the last two recommend it.
    const settings = { ...SETTINGS, recommendThreshold: { numerator: 93, denominator: 100 } };
    const badges = users("Z", 8);
    const scene = new Scene(
      [
        ...users("S", 22).map((user) => inDept(user, "S")),
        ...users("S", 20).map((user) => grant(user, "Ledger")),
        ...users("Z", 600).map((user) => inDept(user, "Z")),
        ...badges.map((user) => grant(user, "Badge")),
      ],
      settings,
    );
    const movers = ["S20", "S21", ...users("Z", 108).slice(100)].map((user) => inDept(user, "Y"));
    const revoked = [...badges.map((user) => revoke(user, "Badge")), revoke("S0", "Ledger")];
    scene.step([...movers, ...revoked], { countedAtOnceMax: 2 });
    expect(scene.engine.isCounted).toBe(false);
    while (scene.engine.pendingCount() > 0) scene.step([], { countedAtOnceMax: 2 });
    const { recommendations } = scene.engine.publishedView();
    expect(recommendations).toMatchObject([{ user: "S0", entitlement: "Ledger" }]);
  });
});
