/**
 * Plays one run and holds the engine, after every step, against the reference tables, the oracle and the contract of
 * published evidence.
 */
import type { Engine, StepEvent, StepResult } from "../../src/core/engine.ts";
import { type RuleEvidence, recount, recountFromEvidence } from "../../src/core/recount.ts";
import { checkEvidence, compareViews } from "../../src/core/recount-checks.ts";
import type { Settings } from "../../src/core/settings.ts";
import { atOnce } from "../../src/core/slices.ts";
import type { Tables, View } from "../../src/core/tables.ts";
import type { Action, Run } from "../support/random-run.ts";
import { ReferenceTables } from "../support/reference-tables.ts";
import { TestHelper } from "../support/test-helper.ts";
import { BranchCounts } from "./branches.ts";
import { compareTables } from "./compare-tables.ts";
import { Consumer, compareTopics, topicsOf } from "./consumer.ts";
import { type Key, pairKey } from "./keys.ts";
import { OtherThread } from "./other-thread.ts";
import { checkRemovalReasons } from "./removal-reasons.ts";
import { RowStore } from "./row-store.ts";
import { sameTables, sameView, unequalRules } from "./same.ts";

export type EngineClass = new (settings: Settings) => Engine;

/** A pair is told whole: prediction, recommendation and flags. */
const DELTAS_OF_A_PAIR_MAX = 3;
/** More steps than any pending sweep of a small company needs. */
const SETTLE_STEPS_MAX = 20_000;
const UNBOUNDED_BUDGET = 1_000_000;
const UNBOUNDED_COUNTING = 1_000_000;
const SHOWN_MAX = 5;
/** While people wait to be counted, one in so many steps asks for the exact view, so that all are counted at once. */
const UNCOUNTED_STEPS = 8;

/** The engine is wrong: `what` names the check, without the particulars of this run. */
export class RunFailure extends Error {
  readonly what: string;

  constructor(where: string, what: string, faults: readonly string[]) {
    super(`${where}: ${what}: ${faults.length} wrong\n  ${faults.slice(0, SHOWN_MAX).join("\n  ")}`);
    this.what = what;
  }
}

/** Throws a RunFailure where the engine is wrong. */
export function checkRun(run: Run, engineClass: EngineClass, branches: BranchCounts): void {
  const session = new Session(run.settings, engineClass, branches);
  run.actions.forEach((action, i) => {
    session.where = `action ${i} (${action.do})`;
    session.perform(action);
  });
  session.where = "the end";
  session.finish();
  checkOtherCuts(run, engineClass, session.tables, session.exactView);
}

class Session {
  where = "the start";
  tables: Tables;
  exactView: View;
  #settings: Settings;
  readonly #engineClass: EngineClass;
  readonly #branches: BranchCounts;
  #engine: Engine;
  #otherThread: OtherThread;
  readonly #reference: ReferenceTables;
  readonly #store = new RowStore();
  readonly #consumer = new Consumer();
  #clockMinute = 0;
  #isCatchingUp = false;
  #restarts = 0;
  #uncountedSteps = 0;
  /** The tables may have changed since `exactView` was made. */
  #isStale = false;

  constructor(settings: Settings, engineClass: EngineClass, branches: BranchCounts) {
    this.#settings = settings;
    this.#engineClass = engineClass;
    this.#branches = branches;
    this.#engine = new engineClass(settings);
    this.#engine.start(0);
    this.#otherThread = new OtherThread(this.#engine);
    this.#reference = new ReferenceTables(settings);
    this.tables = this.#reference.tables();
    this.exactView = recount(this.tables, settings);
  }

  perform(action: Action): void {
    switch (action.do) {
      case "step":
        this.#step(action.events, action.clockMinute, action.budgetRecords, action.catchUp, action.countedAtOnceMax);
        break;
      case "settle":
        this.#settle(action.budgetRecords);
        break;
      case "restart":
        this.#restart(this.#settings, null);
        break;
      case "restore":
        this.#restart(this.#settings, this.#engine.publishedView());
        this.#step([], 0, 1, false);
        break;
      case "reconfigure":
        this.#restart(action.settings, null);
        break;
      case "reconcile":
        this.#leaveCatchUp();
        this.#engine.reconcile();
        break;
    }
  }

  /** After `reconcile` and nothing pending, consumers know the exact view whatever the materiality. */
  finish(): void {
    this.#leaveCatchUp();
    this.#engine.reconcile();
    this.#settle(UNBOUNDED_BUDGET);
    this.#require(compareTopics(this.#consumer.topics, topicsOf(this.exactView)), "reconciled view, against the exact");
  }

  #leaveCatchUp(): void {
    if (this.#isCatchingUp) this.#step([], 0, 1, false);
  }

  #settle(budgetRecords: number): number {
    this.#leaveCatchUp();
    let deltas = 0;
    for (let i = 0; this.#engine.pendingCount() > 0; i++) {
      if (i === SETTLE_STEPS_MAX) this.#fail([`after ${i} empty steps`], "still pending");
      deltas += this.#step([], 0, budgetRecords, false).deltas.length;
    }
    return deltas;
  }

  /** `told`: what consumers know, where the rows of it are lost. */
  #restart(settings: Settings, told: View | null): void {
    const isSame = settings === this.#settings;
    const wasQuiet = !this.#isCatchingUp && this.#engine.pendingCount() === 0;
    this.#settings = settings;
    this.#isCatchingUp = false;
    const { drifted, implications } = this.#engine.keptEvidence();
    const evidence = { drifted: [...drifted], implications: [...implications] };
    const keepsEvidence = this.#restarts++ % 2 === 0;
    this.#engine = new this.#engineClass(settings);
    this.#otherThread = new OtherThread(this.#engine);
    if (keepsEvidence) this.#engine.loadEvidence(evidence);
    if (told !== null) this.#store.published.clear();
    this.#store.load(this.#engine);
    if (told !== null) this.#engine.restorePublished(told.predictions, told.recommendations, told.flags);
    const helper = new TestHelper(this.#restarts % 3, this.#restarts % 5 === 4);
    if (told === null) this.#engine.plantAhead(helper);
    atOnce(this.#engine.startInSlices(this.#clockMinute, helper));
    this.#isStale = false;
    this.exactView = recount(this.tables, settings);
    this.#checkTables();
    this.#require(viewFaults(this.#engine.exactView(), this.exactView), "exact view");
    if (told === null) this.#checkPublished([]);
    if (!isSame || !wasQuiet || (settings.materiality.numerator > 0 && !keepsEvidence)) return;
    const deltas = this.#settle(UNBOUNDED_BUDGET);
    this.#require(deltas === 0 ? [] : [`${deltas} deltas`], "restart without input, evidence exact or kept");
  }

  /** 0 at rest. */
  #implications(): number {
    return [...this.#engine.keptEvidence().implications].length;
  }

  #step(
    events: readonly StepEvent[],
    clockMinute: number,
    budgetRecords: number,
    catchUp: boolean,
    countedAtOnceMax?: number,
  ): StepResult {
    const before = this.tables;
    this.#reference.advanceTo(clockMinute);
    const outcomes = events.map(({ event, recordAtMs }) => this.#reference.apply(event, recordAtMs));
    this.tables = this.#reference.tables();
    this.#isCatchingUp = catchUp;
    this.#isStale ||= events.length > 0 || before.clockMinute !== this.tables.clockMinute;

    this.#otherThread.betweenSteps();
    const implications = this.#implications();
    const isFirst = this.#engine.isCounted && countedAtOnceMax !== undefined;
    const evidence = isFirst ? [...this.#engine.publishedEvidence()] : null;
    const result = this.#engine.step({
      clockMinute,
      events,
      budgetRecords,
      ...(catchUp ? { catchUp } : {}),
      countedAtOnceMax: countedAtOnceMax ?? UNBOUNDED_COUNTING,
    });
    if (!catchUp) this.#branches.add("implication ended", Math.max(0, implications - this.#implications()));
    this.#clockMinute = result.clockMinute;
    this.#store.keep(result.changes);
    this.#checkOutcomes(events, result, outcomes);
    this.#require(this.#consumer.take(result.deltas), "deltas");
    if (this.#isStale) this.#checkTables();
    this.#branches.countTables(before, this.tables);
    if (catchUp) {
      this.#require(result.deltas.length === 0 ? [] : [`${result.deltas.length} deltas`], "catching up");
      return result;
    }
    const isCounted = this.#engine.isCounted;
    const taken = events.filter((_, i) => typeof outcomes[i] === "string");
    if (!isCounted) {
      this.#branches.countedLater++;
      this.#checkUncounted(taken, evidence);
      if (this.#uncountedSteps++ % UNCOUNTED_STEPS !== 0) return result;
    }
    if (this.#isStale) {
      this.#recount();
      this.#require(viewFaults(this.#engine.exactView(), this.exactView), "exact view");
    }
    this.#checkPublished(isCounted ? taken : []);
    this.#checkBudget(taken, result, budgetRecords);
    if (isCounted && this.#settings.materiality.numerator === 0) {
      this.#require(checkRemovalReasons(result.deltas, this.tables, this.#settings, this.exactView), "reasons");
    }
    if (this.#engine.pendingCount() > 0) this.#branches.add("ripple split");
    return result;
  }

  #recount(): void {
    this.#isStale = false;
    const before = this.exactView;
    this.exactView = recount(this.tables, this.#settings);
    this.#branches.countView(before, this.exactView, this.#settings, this.tables);
  }

  #checkOutcomes(events: readonly StepEvent[], result: StepResult, expected: StepResult["outcomes"]): void {
    events.forEach(({ event }, i) => {
      const got = result.outcomes[i];
      this.#branches.countOutcome(event, expected[i]!);
      const isEqual = typeof expected[i] === "object" ? typeof got === "object" : got === expected[i];
      const wanted = JSON.stringify(expected[i]);
      if (!isEqual) this.#fail([`${JSON.stringify(got)}, expected ${wanted}, of ${JSON.stringify(event)}`], "outcome");
    });
    if (result.outcomes.length !== events.length) this.#fail([`${result.outcomes.length}`], "number of outcomes");
    if (result.clockMinute !== this.tables.clockMinute) this.#fail([`${result.clockMinute}`], "clock");
  }

  #checkTables(): void {
    this.#require(tableFaults(this.#engine.tables(), this.tables), "tables");
  }

  /** `events`: of the step just done, whose own pairs are published at once. */
  #checkPublished(events: readonly StepEvent[]): void {
    const published = topicsOf(this.#engine.publishedView());
    this.#require(compareTopics(published, this.#consumer.topics), "published view, against the sum of the deltas");
    this.#require(this.#consumer.compareRows(this.#store), "published rows, against the sum of the deltas");
    const isQuiet = this.#engine.pendingCount() === 0;
    if (isQuiet && this.#store.pending.size > 0) this.#fail([`${this.#store.pending.size} marks`], "quiet, but marked");
    if (!isQuiet && events.length === 0) return;
    const evidence = [...this.#engine.publishedEvidence()];
    const [rules, told] = unequalRules(this.exactView, evidence);
    this.#require(checkEvidence(rules, told, this.#settings, this.tables.entitlements), "evidence");
    const target = topicsOf(this.#targetView(evidence));
    const drifts = isQuiet && this.#settings.materiality.numerator > 0;
    if (drifts) this.#branches.countDrift(compareTopics(target, topicsOf(this.exactView)).length);
    if (isQuiet) this.#require(compareTopics(published, target), "quiet published view, against the target view");
    else this.#require(compareTopics(published, target, this.#directPairs(events)), "direct lane");
  }

  /**
   * What is told of the people whom a mass of events names goes by what was published before it; why a pair is not scored
   * goes by what is counted, and so does what is birthright.
   */
  #checkUncounted(events: readonly StepEvent[], evidence: readonly RuleEvidence[] | null): void {
    const published = topicsOf(this.#engine.publishedView());
    this.#require(compareTopics(published, this.#consumer.topics), "published view, against the sum of the deltas");
    if (evidence === null || this.#settings.birthrightAbove !== null) return;
    const target = recountFromEvidence(this.tables, this.#settings, evidence);
    const pairs = this.#directPairs(events);
    for (const { user, entitlement, score } of target.predictions) {
      if (score.rule.length === 0) pairs.delete(pairKey(user, entitlement));
    }
    this.#require(compareTopics(published, topicsOf(target), pairs), "direct lane of a mass");
  }

  #targetView(evidence: readonly RuleEvidence[]): View {
    const isExact = this.#settings.materiality.numerator === 0;
    return isExact ? this.exactView : recountFromEvidence(this.tables, this.#settings, evidence);
  }

  /** Pairs that the events name: all of an identity's, one of an assignment's. */
  #directPairs(events: readonly StepEvent[]): Set<Key> {
    const pairs = new Set<Key>();
    for (const { event } of events) {
      if (!("user" in event)) continue;
      const entitlements =
        "entitlement" in event ? [event.entitlement] : this.tables.entitlements.map(({ entitlement }) => entitlement);
      for (const entitlement of entitlements) pairs.add(pairKey(event.user, entitlement));
    }
    return pairs;
  }

  #checkBudget(events: readonly StepEvent[], { deltas }: StepResult, budgetRecords: number): void {
    const direct = this.#directPairs(events);
    const ripple = deltas.filter(({ user, entitlement }) => !direct.has(pairKey(user, entitlement)));
    const most = budgetRecords + DELTAS_OF_A_PAIR_MAX - 1;
    if (ripple.length > most) this.#fail([`${ripple.length} deltas, budget ${budgetRecords}`], "ripple");
  }

  #require(faults: readonly string[], what: string): void {
    if (faults.length > 0) this.#fail(faults, what);
  }

  #fail(faults: readonly string[], what: string): never {
    throw new RunFailure(this.where, what, faults);
  }
}

/** The same events one by one, and all at once by the batch path, lead to the same tables and the same exact view. */
function checkOtherCuts(run: Run, engineClass: EngineClass, tables: Tables, exactView: View): void {
  const settings = run.actions.findLast((action) => action.do === "reconfigure")?.settings ?? run.settings;
  const events = run.actions.flatMap((action): StepEvent[] => {
    if (action.do !== "step") return [];
    const tick = { type: "clock.ticked", at: action.clockMinute * 60_000 } as const;
    return [{ event: tick, recordAtMs: tick.at }, ...action.events];
  });
  const cuts = {
    "one by one": events.map((event) => [event]),
    "all at once": [events],
  };
  for (const [cut, steps] of Object.entries(cuts)) {
    const engine = new engineClass(settings);
    engine.start(0);
    const catchUp = cut === "all at once";
    for (const step of steps)
      engine.step({ clockMinute: 0, events: step, budgetRecords: 1, ...(catchUp ? { catchUp } : {}) });
    engine.step({ clockMinute: 0, events: [], budgetRecords: 1 });
    const faults = [...tableFaults(engine.tables(), tables), ...viewFaults(engine.exactView(), exactView)];
    if (faults.length > 0) throw new RunFailure(cut, "the same as in steps", faults);
  }
}

function viewFaults(got: View, expected: View): string[] {
  return sameView(got, expected) ? [] : inWords(compareViews(got, expected, SHOWN_MAX));
}

function tableFaults(got: Tables, expected: Tables): string[] {
  return sameTables(got, expected) ? [] : inWords(compareTables(got, expected));
}

/** A difference that has no words is one all the same. */
function inWords(differences: readonly string[]): string[] {
  return differences.length > 0 ? [...differences] : ["they differ"];
}
