/** Choices that were made ahead, and what happens to people and rules before they are taken. */
import { describe, expect, test } from "vitest";
import { type Choices, Chooser } from "../../src/core/choosing.ts";
import { Engine } from "../../src/core/engine.ts";
import { recountFromEvidence } from "../../src/core/recount.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../src/core/settings.ts";
import type { InputEvent } from "../../src/events/event.ts";

const MINUTE = 28_000_000;
/** Evidence may be a fifth off: what happens here makes no rule material. */
const SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  minSupport: 2,
  materiality: { numerator: 20, denominator: 100 },
  materialitySupport: { numerator: 90, denominator: 100 },
  recommendThreshold: { numerator: 60, denominator: 100 },
  bandHigh: { numerator: 99, denominator: 100 },
  bandMedium: { numerator: 1, denominator: 100 },
  birthrightAbove: { numerator: 50, denominator: 100 },
};

const has = (user: string, dept: string): InputEvent => ({
  type: "identity.upserted",
  user,
  attributes: [["DEPT", [dept]]],
});
const grant = (user: string, entitlement = "Payroll"): InputEvent => ({
  type: "assignment.granted",
  user,
  entitlement,
});
const users = (dept: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${dept}${i}`);

/** Of ten in A eight hold Payroll, of ten in B two; all hold Badge, which is looked at first. */
const COMPANY: readonly InputEvent[] = [
  ...["A", "B"].flatMap((dept) => users(dept, 10).flatMap((user) => [has(user, dept), grant(user, "Badge")])),
  ...[...users("A", 8), ...users("B", 2)].map((user) => grant(user)),
];

class Scene {
  readonly engine = new Engine(SETTINGS);
  readonly #chooser: Chooser;

  /** Everything is counted, and nothing looked at. */
  constructor(also: readonly InputEvent[] = []) {
    this.#step([...COMPANY, ...also], 1, true);
    this.engine.start(MINUTE);
    this.#chooser = new Chooser(this.engine.beginChoosing()!);
  }

  choose(): Choices[] {
    const all: Choices[] = [];
    for (let task = this.engine.nextChoosing(); task !== null; task = this.engine.nextChoosing()) {
      all.push(this.#chooser.choose(task));
    }
    return all;
  }

  chooseAndTake(): void {
    for (const choices of this.choose()) this.engine.takeChoices(choices);
  }

  happens(...events: readonly InputEvent[]): void {
    this.#step(events, 1, false);
  }

  settle(): void {
    while (this.engine.pendingCount() > 0) this.#step([], 1000, false);
  }

  expectTarget(): void {
    const target = recountFromEvidence(this.engine.tables(), SETTINGS, [...this.engine.publishedEvidence()]);
    const { predictions, recommendations, flags } = this.engine.publishedView();
    expect({ predictions, recommendations, flags }).toEqual({
      predictions: target.predictions,
      recommendations: target.recommendations,
      flags: target.flags,
    });
  }

  /** Of Payroll: "scored by what rule", or the reason why not. */
  told(user: string): string | undefined {
    const { predictions } = this.engine.publishedView();
    const { score } = predictions.find((row) => row.user === user && row.entitlement === "Payroll") ?? {};
    return score?.rule.map(({ value }) => value).join() || score?.reason || undefined;
  }

  recommended(): string[] {
    return this.engine.publishedView().recommendations.map(({ user }) => user);
  }

  #step(events: readonly InputEvent[], budgetRecords: number, catchUp: boolean): void {
    const stamped = events.map((event) => ({ event, recordAtMs: MINUTE * 60_000 }));
    this.engine.step({ clockMinute: MINUTE, events: stamped, budgetRecords, catchUp });
  }
}

describe("choices made ahead", () => {
  test("come to the target view, and are taken", () => {
    const scene = new Scene();
    const choices = scene.choose();
    expect(choices.map(({ entitlement }) => entitlement)).toEqual([1, 0]);
    // A choice that is not taken could not be told from one that is, but for a wrong one.
    choices[0]!.itemsets.fill(-1);
    for (const each of choices) scene.engine.takeChoices(each);
    scene.settle();
    expect(scene.told("A0")).toBe("too-few-holders");
    scene.engine.reconcile();
    scene.settle();
    scene.expectTarget();
  });

  test("may come late, or not at all", () => {
    const scene = new Scene();
    const [payroll] = scene.choose();
    scene.settle();
    scene.engine.takeChoices(payroll!);
    scene.expectTarget();
    expect(scene.engine.nextChoosing()).toBeNull();
  });

  test("of another basis are left aside", () => {
    const scene = new Scene();
    const [payroll] = scene.choose();
    scene.engine.beginChoosing();
    payroll!.itemsets.fill(-1);
    scene.engine.takeChoices(payroll!);
    scene.settle();
    scene.expectTarget();
  });

  test("are not taken for who has moved since", () => {
    const scene = new Scene();
    scene.chooseAndTake();
    scene.happens(has("B0", "A"));
    scene.settle();
    expect(scene.told("B0")).toBe("A");
    scene.expectTarget();
  });

  test("know of users that came after the basis and before they were made", () => {
    const scene = new Scene();
    scene.happens(...users("U", 300).map((user) => grant(user)));
    expect(scene.choose().map(({ users: { length } }) => length)).toEqual([312]);
    scene.settle();
    scene.expectTarget();
  });

  test("do not hide a recommendation that is one no longer, of somebody whom they do not know", () => {
    const scene = new Scene();
    scene.chooseAndTake();
    scene.happens(has("B9", "A"));
    expect(scene.recommended()).toContain("B9");
    // Payroll is held by so many now that it is recommended to nobody.
    scene.happens(grant("A8"));
    scene.settle();
    expect(scene.recommended()).toEqual([]);
    scene.expectTarget();
  });

  test("do not hide a pair that came after them, when it is marked", () => {
    const scene = new Scene(["C0", ...users("D", 5)].map((user) => has(user, user.slice(0, 1))));
    scene.chooseAndTake();
    scene.happens(grant("C0"));
    expect(scene.told("C0")).toBe("group-too-small");
    scene.happens(has("C1", "C"));
    scene.settle();
    expect(scene.told("C0")).toBe("too-few-holders");
    scene.expectTarget();
  });
});
