/**
 * Pairs that may differ from the target view because of what happened to others. They wait here, entitlement by
 * entitlement, until the budget of a step reaches them.
 *
 *  1. Every pair that may differ from the target view is named here, or was looked at in this step, or its user waits to be
 *     counted (uncounted.ts) and will be named then.
 *  2. Entitlements are served in the order in which they were marked, their pairs by user id.
 *  3. Whom a changed rule concerns is found when its entitlement is served: rules that change again and again meanwhile
 *     are followed once. A pair that was looked at between a change and that moment, in an earlier step, is looked at again:
 *     it knows evidence between what the rule was and what it is. A pair that nothing is told of need not have been looked
 *     at when its user joined: it goes by what the rule was then, so all that it was is remembered. Where too many rules have
 *     changed, none is followed and everyone is looked at.
 */
import { ChoicesAhead } from "./choices-ahead.ts";
import type { Choices, ChoosingBasis, ChoosingTask } from "./choosing.ts";
import type { Company } from "./company.ts";
import { Concern } from "./concern.ts";
import type { Counters, RuleChange } from "./counters.ts";
import { Everyone } from "./everyone.ts";
import { PREDICTION } from "./pairs.ts";
import type { Published } from "./published.ts";
import type { Settings } from "./settings.ts";
import { Sweep } from "./sweep.ts";

/** Pairs looked at in one step beyond those that it names: bounds the time of a step (about 1 µs to 20 µs each). */
const LOOKS_A_STEP = 20_000;
/** And for every delta that the step may have: a step that is to be short is short, whatever the looks find. */
const LOOKS_A_DELTA = 8;
/** Whether a changed rule concerns a pair is found this much faster than the pair is looked at. */
const VISITS_A_LOOK = 64;

/** Whether to look at everyone is asked whenever rules of an entitlement have changed so many times more. */
const CHANGES_WEIGHED = 256;
/** When everyone is looked at, ranking so many rules takes as long as it takes to follow one that has changed. */
const RULES_RANKED_A_CHANGE = 16;

interface Waiting {
  /** Users in ascending order; null: all that have to do with the entitlement. */
  users: Int32Array | null;
  next: number;
  /** Changed rules of which it is not known yet whom they concern, in the order of their changes. */
  changes: RuleChange[];
  /** How often any of them changed. */
  changeCount: number;
  /** Users looked at in this step while `changes` were not followed yet. */
  looked: number[];
}

export class Ripple {
  readonly #company: Company;
  readonly #counters: Counters;
  readonly #published: Published;
  readonly #concern: Concern;
  /** In the order in which they were marked. */
  readonly #waiting: Map<number, Waiting> = new Map();
  /** Marked only because everything is looked at once after a start; need not be remembered. */
  readonly #unremembered: Set<number> = new Set();
  readonly #sweep: Sweep = new Sweep();
  readonly #all: Everyone;
  readonly #ahead: ChoicesAhead;

  constructor(company: Company, counters: Counters, published: Published, settings: Settings) {
    this.#company = company;
    this.#counters = counters;
    this.#published = published;
    this.#concern = new Concern(company, counters, settings);
    const { itemsets } = counters;
    this.#all = new Everyone((itemset) => itemsets.parentOf(itemset), itemsets.members);
    this.#ahead = new ChoicesAhead(company, counters, settings.confidenceWindow);
  }

  get size(): number {
    return this.#waiting.size;
  }

  isWaiting(entitlement: number): boolean {
    return this.#waiting.has(entitlement);
  }

  /** Marked entitlements that a restart must know of. */
  remembered(): number[] {
    return [...this.#waiting.keys()].filter((entitlement) => !this.#unremembered.has(entitlement));
  }

  /** Marks every pair of every entitlement; `remember` false: a restart would mark them again anyway. */
  markEverything(remember: boolean): void {
    for (let entitlement = 0; entitlement < this.#company.catalog.size; entitlement++) {
      const known = this.#waiting.has(entitlement);
      this.markAll(entitlement);
      if (!remember && !known) this.#unremembered.add(entitlement);
    }
  }

  markAll(entitlement: number): void {
    this.#unremembered.delete(entitlement);
    this.#ahead.withdraw(entitlement);
    const waiting = this.#waiting.get(entitlement);
    if (waiting === undefined) this.#wait(entitlement, null);
    else {
      waiting.users = null;
      waiting.next = 0;
      waiting.changes = [];
    }
  }

  /** No user is named twice. */
  markUsers(entitlement: number, users: readonly number[]): void {
    const waiting = this.#waiting.get(entitlement);
    if (users.length === 0) return;
    this.#ahead.withdraw(entitlement);
    if (waiting?.users === null) return;
    this.#unremembered.delete(entitlement);
    if (waiting === undefined) this.#wait(entitlement, Int32Array.from(users).sort());
    else addUsers(waiting, Int32Array.from(users).sort());
  }

  /** Marks the pairs that changed evidence may concern; where it is dearer to find these, everyone. */
  markConcerned(changes: readonly RuleChange[]): void {
    for (const change of changes) {
      const waiting = this.#waiting.get(change.entitlement) ?? this.#wait(change.entitlement, NOBODY);
      if (waiting.users === null) continue;
      this.#unremembered.delete(change.entitlement);
      waiting.changes.push(change);
      if (++waiting.changeCount % CHANGES_WEIGHED === 0) this.#weigh(change.entitlement, waiting);
    }
  }

  /** A pair was looked at out of turn, after the counters of this step were settled. */
  lookedAt(user: number, entitlement: number): void {
    const waiting = this.#waiting.get(entitlement);
    if (waiting !== undefined && waiting.changes.length > 0) waiting.looked.push(user);
  }

  /** Marks not scored assignments of the members of an itemset: the reason may be another one now. */
  markNotScored(itemset: number): void {
    const { pairs } = this.#company;
    for (const user of this.#counters.itemsets.members.toArray(itemset)) {
      for (const row of pairs.byUser.toArray(user)) {
        if (pairs.publishedOf(row) === PREDICTION && pairs.winnerOf(row) === -1) {
          this.markUsers(pairs.entitlementOf(row), [user]);
        }
      }
    }
  }

  /** Copies what another thread needs to choose for pairs of entitlements that wait as a whole. */
  beginChoosing(basis: number): ChoosingBasis {
    const whole = [...this.#waiting.keys()].filter((entitlement) => this.#isWhole(entitlement));
    return this.#ahead.begin(basis, whole);
  }

  /** null: no more of them are worth it. */
  nextChoosing(): ChoosingTask | null {
    return this.#ahead.next((entitlement) => this.#isWhole(entitlement));
  }

  takeChoices(choices: Choices): void {
    this.#ahead.take(choices);
  }

  /** These users may have other itemsets than before. */
  usersMoved(users: readonly number[]): void {
    this.#ahead.leaveOut(users);
  }

  /** Brings waiting pairs up to date until the step has so many deltas; the last pair is told whole. */
  run(deltasMax: number): void {
    let looks = Math.min(LOOKS_A_STEP, (deltasMax - this.#published.deltaCount) * LOOKS_A_DELTA);
    for (const [entitlement, waiting] of this.#waiting) {
      looks -= this.#follow(entitlement, waiting, looks);
      if (waiting.changes.length > 0) break;
      waiting.users ??= this.#ahead.of(entitlement)?.choices.users ?? this.#everyone(entitlement);
      looks -= this.#look(entitlement, waiting, waiting.users, looks, deltasMax);
      if (waiting.next < waiting.users.length) break;
      this.#waiting.delete(entitlement);
      this.#unremembered.delete(entitlement);
      this.#ahead.withdraw(entitlement);
    }
    if (this.#waiting.size === 0) this.#ahead.end();
    this.#lookAgain();
  }

  /** Brings waiting pairs of one entitlement up to date; how many. */
  #look(entitlement: number, waiting: Waiting, users: Int32Array, looks: number, deltasMax: number): number {
    const from = waiting.next;
    const end = Math.min(users.length, from + looks);
    this.#published.expectLooks(entitlement, end - from, users.length - from, this.#ahead.of(entitlement));
    while (waiting.next < end && this.#published.deltaCount < deltasMax) {
      this.#published.update(users[waiting.next++]!, entitlement, null);
    }
    this.#published.looksDone();
    return waiting.next - from;
  }

  #isWhole(entitlement: number): boolean {
    return this.#waiting.get(entitlement)?.users === null;
  }

  #wait(entitlement: number, users: Int32Array | null): Waiting {
    const waiting: Waiting = { users, next: 0, changes: [], changeCount: 0, looked: [] };
    this.#waiting.set(entitlement, waiting);
    return waiting;
  }

  /** Everyone waits instead, behind all others, when that is cheaper than to find whom the changed rules concern. */
  #weigh(entitlement: number, waiting: Waiting): void {
    const rules = this.#counters.table(entitlement).size;
    const changesMax = this.#company.pairs.rowsOf(entitlement).size + rules / RULES_RANKED_A_CHANGE;
    if (waiting.changes.length <= changesMax) return;
    waiting.changes = byRule(waiting.changes);
    // With more than half of them left it would soon be to do again.
    if (waiting.changes.length * 2 <= changesMax) return;
    this.#waiting.delete(entitlement);
    this.markAll(entitlement);
  }

  /** Finds whom changed rules concern, one rule at least, as far as `looks` go; how much of them it took. */
  #follow(entitlement: number, waiting: Waiting, looks: number): number {
    if (waiting.changes.length === 0) return 0;
    const sweep = this.#beginSweep();
    for (const user of waiting.looked) sweep.leaveOut(user);
    const meet = (user: number): boolean => sweep.meet(user);
    const rules = byRule(waiting.changes);
    let followed = 0;
    let visits = 0;
    while (followed < rules.length && visits <= looks * VISITS_A_LOOK) {
      visits += 1 + this.#concern.forEach(rules[followed++]!, meet);
    }
    waiting.changes = rules.slice(followed);
    this.#published.watching.forEachConcerned(entitlement, rules.slice(0, followed), this.#counters.itemsets, meet);
    addUsers(waiting, sweep.users());
    return Math.floor(visits / VISITS_A_LOOK);
  }

  /** The step ends: pairs looked at while rules of their entitlement are still to be followed. */
  #lookAgain(): void {
    for (const waiting of this.#waiting.values()) {
      if (waiting.looked.length === 0) continue;
      if (waiting.changes.length > 0) addUsers(waiting, Int32Array.from(new Set(waiting.looked)).sort());
      waiting.looked = [];
    }
  }

  /** All whom the entitlement concerns. */
  #everyone(entitlement: number): Int32Array {
    const { pairs, policy, identities } = this.#company;
    const inRows = pairs.rowsOf(entitlement).users();
    const { recommendThreshold } = policy.of(entitlement);
    return this.#all.of(identities.size, inRows, this.#counters.table(entitlement), recommendThreshold);
  }

  #beginSweep(): Sweep {
    this.#sweep.begin(this.#company.identities.size);
    return this.#sweep;
  }
}

const NOBODY: Int32Array = new Int32Array(0);

/** The first change of every rule, with its later ones. */
function byRule(changes: readonly RuleChange[]): RuleChange[] {
  const first = new Map<number, RuleChange>();
  for (const change of changes) {
    const known = first.get(change.itemset);
    if (known === undefined) first.set(change.itemset, change);
    else {
      change.later = known.later;
      known.later = change;
    }
  }
  return [...first.values()];
}

/** `users` are ascending, each once. */
function addUsers(waiting: Waiting, users: Int32Array): void {
  if (waiting.users === null || users.length === 0) return;
  waiting.users = union(waiting.users.subarray(waiting.next), users);
  waiting.next = 0;
}

/** Both ascending and without repetition, and so is the answer. */
function union(a: Int32Array, b: Int32Array): Int32Array {
  const all = new Int32Array(a.length + b.length);
  let count = 0;
  let j = 0;
  for (const value of a) {
    while (j < b.length && b[j]! < value) all[count++] = b[j++]!;
    if (j < b.length && b[j] === value) j++;
    all[count++] = value;
  }
  while (j < b.length) all[count++] = b[j++]!;
  return all.subarray(0, count);
}
