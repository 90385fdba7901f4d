/**
 * Pairs that may differ from the target view because of what happened to others. They wait here, entitlement by
 * entitlement, until the budget of a step reaches them.
 *
 *  1. Every pair that may differ from the target view is named here, or was looked at in this step.
 *  2. Entitlements are served in the order in which they were marked, their pairs by user id.
 */
import type { Company } from "./company.ts";
import type { Counters, RuleChange } from "./counters.ts";
import { reaches } from "./materiality.ts";
import { NOTHING, PREDICTION } from "./pairs.ts";
import type { Published } from "./published.ts";
import { ROW_MAP_WIDTH } from "./row-map.ts";
import { PUBLISHED_FREQ, PUBLISHED_UNION } from "./rule-tables.ts";
import type { Fraction, Settings } from "./settings.ts";

/** Pairs looked at in one step beyond those that it names: bounds the time of a step (about 1 µs to 20 µs each). */
const LOOKS_A_STEP = 20_000;

interface Waiting {
  /** Users in ascending order; null: all that have to do with the entitlement. */
  users: Int32Array | null;
  next: number;
}

export class Ripple {
  readonly #company: Company;
  readonly #counters: Counters;
  readonly #published: Published;
  readonly #window: Fraction;
  /** In the order in which they were marked. */
  readonly #waiting: Map<number, Waiting> = new Map();
  /** Marked only because everything is looked at once after a start; need not be remembered. */
  readonly #unremembered: Set<number> = new Set();
  /** By user: the last sweep that met it, so that each user is listed once. */
  #metBy: Int32Array = new Int32Array(64);
  #sweep = 0;

  constructor(company: Company, counters: Counters, published: Published, settings: Settings) {
    this.#company = company;
    this.#counters = counters;
    this.#published = published;
    this.#window = settings.confidenceWindow;
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
    const waiting = this.#waiting.get(entitlement);
    if (waiting === undefined) this.#waiting.set(entitlement, { users: null, next: 0 });
    else {
      waiting.users = null;
      waiting.next = 0;
    }
  }

  markUsers(entitlement: number, users: readonly number[]): void {
    const waiting = this.#waiting.get(entitlement);
    if (users.length === 0 || waiting?.users === null) return;
    this.#unremembered.delete(entitlement);
    const rest = waiting === undefined ? [] : waiting.users.subarray(waiting.next);
    const merged = Int32Array.from(new Set([...rest, ...users])).sort();
    if (waiting === undefined) this.#waiting.set(entitlement, { users: merged, next: 0 });
    else {
      waiting.users = merged;
      waiting.next = 0;
    }
  }

  /** Marks the pairs that changed evidence may concern. `changes` are ordered by entitlement. */
  markConcerned(changes: readonly RuleChange[]): void {
    for (let first = 0; first < changes.length; ) {
      const { entitlement } = changes[first]!;
      let end = first + 1;
      while (end < changes.length && changes[end]!.entitlement === entitlement) end++;
      if (this.#waiting.get(entitlement)?.users !== null) {
        const users = this.#beginSweep();
        for (let i = first; i < end; i++) this.#meetConcerned(changes[i]!, users);
        this.#meetWatching(entitlement, changes, first, end, users);
        this.markUsers(entitlement, users);
      }
      first = end;
    }
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

  /** Brings waiting pairs up to date until the step has so many deltas; the last pair is told whole. */
  run(deltasMax: number): void {
    let looks = 0;
    for (const [entitlement, waiting] of this.#waiting) {
      waiting.users ??= this.#everyone(entitlement);
      while (waiting.next < waiting.users.length) {
        if (this.#published.deltaCount >= deltasMax || looks++ >= LOOKS_A_STEP) return;
        this.#published.update(waiting.users[waiting.next++]!, entitlement, null);
      }
      this.#waiting.delete(entitlement);
      this.#unremembered.delete(entitlement);
    }
  }

  /** All users that have a row with the entitlement, or that one of its strong rules recommends it to. */
  #everyone(entitlement: number): Int32Array {
    const { pairs, policy } = this.#company;
    const users = this.#beginSweep();
    const rows = pairs.rowsOf(entitlement).slots;
    for (let at = 0; at < rows.length; at += ROW_MAP_WIDTH) if (rows[at] !== 0) this.#meet(rows[at]! - 1, users);
    const table = this.#counters.table(entitlement);
    const { slots } = table;
    const threshold = policy.of(entitlement).recommendThreshold;
    for (const itemset of table.itemsets()) {
      const slot = table.find(itemset);
      if (reaches(slots[slot + PUBLISHED_UNION]!, slots[slot + PUBLISHED_FREQ]!, threshold)) {
        this.#meetMembers(itemset, users);
      }
    }
    return Int32Array.from(users).sort();
  }

  /** Pairs whose flags look at their user's previous items. */
  #meetWatching(entitlement: number, changes: readonly RuleChange[], from: number, end: number, users: number[]): void {
    const { pairs, identities } = this.#company;
    const { itemsets } = this.#counters;
    for (const row of this.#published.watching.toArray(entitlement)) {
      const previous = identities.previousItemsOf(pairs.userOf(row));
      for (let i = from; i < end; i++) {
        if (itemsets.isWithin(changes[i]!.itemset, previous)) this.#meet(pairs.userOf(row), users);
      }
    }
  }

  #meetConcerned(change: RuleChange, users: number[]): void {
    const { entitlement, itemset, unionBefore, freqBefore } = change;
    const table = this.#counters.table(entitlement);
    const slot = table.find(itemset);
    const unionNow = slot === -1 ? 0 : table.slots[slot + PUBLISHED_UNION]!;
    const freqNow = slot === -1 ? 0 : table.slots[slot + PUBLISHED_FREQ]!;
    const reach = difference(this.#company.policy.of(entitlement).recommendThreshold, this.#window);
    const mayRecommend =
      (unionBefore > 0 && reaches(unionBefore, freqBefore, reach)) ||
      (unionNow > 0 && reaches(unionNow, freqNow, reach));
    const { pairs } = this.#company;
    const { members } = this.#counters.itemsets;
    const rows = pairs.rowsOf(entitlement);
    if (mayRecommend || members.count(itemset) <= rows.size) {
      const from = members.start[itemset] ?? 0;
      for (let i = 0; i < members.count(itemset); i++) {
        const user = members.pool[from + i]!;
        const row = rows.find(user);
        const told = row !== -1 && pairs.publishedOf(row) !== NOTHING;
        if (told ? this.#mayAlter(row, change, unionNow, freqNow) : mayRecommend) this.#meet(user, users);
      }
      return;
    }
    const { slots } = rows;
    for (let at = 0; at < slots.length; at += ROW_MAP_WIDTH) {
      if (slots[at] === 0 || pairs.publishedOf(slots[at + 1]!) === NOTHING) continue;
      if (!this.#mayAlter(slots[at + 1]!, change, unionNow, freqNow)) continue;
      if (members.has(itemset, slots[at]! - 1)) this.#meet(slots[at]! - 1, users);
    }
  }

  /** false: the changed rule was not the pair's choice, and the choice stands. */
  #mayAlter(row: number, change: RuleChange, unionNow: number, freqNow: number): boolean {
    const { pairs } = this.#company;
    const winner = pairs.winnerOf(row);
    if (winner === -1 || winner === change.itemset || pairs.bestFreqOf(row) === 0) return true;
    const union = pairs.freqUnionOf(row);
    if (!pairs.isSecure(row)) return unionNow >= union || this.#mayMoveWindow(row, change, unionNow, freqNow);
    const { numerator, denominator } = this.#window;
    const freq = pairs.freqOf(row);
    const scale = freq * denominator;
    if (unionNow * scale > (union * denominator + numerator * freq) * freqNow) return true;
    return unionNow >= union && unionNow * scale >= (union * denominator - numerator * freq) * freqNow;
  }

  /** Whether the best confidence may be another one now. */
  #mayMoveWindow(row: number, { unionBefore, freqBefore }: RuleChange, unionNow: number, freqNow: number): boolean {
    const { pairs } = this.#company;
    const bestUnion = pairs.bestUnionOf(row);
    const bestFreq = pairs.bestFreqOf(row);
    const higher = unionNow * bestFreq - bestUnion * freqNow;
    if (higher > 0) return true;
    const wasBest = unionBefore > 0 && unionBefore * bestFreq >= bestUnion * freqBefore;
    return wasBest && (higher < 0 || unionNow === 0);
  }

  #meetMembers(itemset: number, users: number[]): void {
    const { members } = this.#counters.itemsets;
    const from = members.start[itemset] ?? 0;
    for (let i = 0; i < members.count(itemset); i++) this.#meet(members.pool[from + i]!, users);
  }

  #beginSweep(): number[] {
    if (this.#metBy.length < this.#company.identities.size) {
      this.#metBy = new Int32Array(this.#company.identities.size * 2);
    }
    this.#sweep++;
    return [];
  }

  #meet(user: number, users: number[]): void {
    if (this.#metBy[user] === this.#sweep) return;
    this.#metBy[user] = this.#sweep;
    users.push(user);
  }
}

/** a − b, exactly; settings are decimal, so one denominator divides the other. */
function difference(a: Fraction, b: Fraction): Fraction {
  const denominator = Math.max(a.denominator, b.denominator);
  const numerator = a.numerator * (denominator / a.denominator) - b.numerator * (denominator / b.denominator);
  return { numerator, denominator };
}
