/**
 * Batch path: counts all rules of some itemsets, itemset by itemset, from plain columns, so that another thread may count
 * those of others. While one itemset is counted there is one small counter for every entitlement, so hardly anything waits
 * for memory.
 *
 * The columns hold one place for every rule: those of itemset S stand at `starts[S] … ends[S]`, by entitlement.
 */
import type { IntListColumns } from "./int-lists.ts";
import { largerShared, roomFor, sharedIntegers } from "./larger.ts";
import { MemberCount, type Teaching } from "./member-count.ts";
import { SLICE, type Slices } from "./slices.ts";

/** Instead of a place. */
const UNCOUNTED = -1;

export interface RuleCountBasis {
  /** Of the itemsets that may have rules: members, and the parent or -1. */
  readonly members: IntListColumns;
  readonly parent: Int32Array;
  readonly teaching: Teaching;
  readonly supportFloor: number;
  /** Those of itemsets `from … end` are to be counted. */
  readonly from: number;
  readonly end: number;
}

/** Shared memory: neither counting nor filling tables in another thread copies it. */
export interface CountedRules {
  /** Itemsets that were asked for. Of others some may be counted, too. */
  readonly first: number;
  readonly last: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly entitlements: Int32Array;
  readonly freqUnions: Int32Array;
}

export function* countRules(basis: RuleCountBasis): Slices<CountedRules> {
  const count = new RuleCount(basis);
  yield* count.run();
  return count.give();
}

export function rulesByItemset(counted: readonly CountedRules[]): Int32Array {
  const counts = new Int32Array(Math.max(...counted.map(({ last }) => last)));
  for (const { first, last, starts, ends } of counted) {
    for (let itemset = first; itemset < last; itemset++) counts[itemset] = ends[itemset]! - starts[itemset]!;
  }
  return counts;
}

export function rulesByEntitlement(counted: readonly CountedRules[], entitlementsMax: number): Int32Array {
  const counts = new Int32Array(entitlementsMax);
  for (const { first, last, starts, ends, entitlements } of counted) {
    for (let itemset = first; itemset < last; itemset++) {
      for (let at = starts[itemset]!; at < ends[itemset]!; at++) counts[entitlements[at]!]!++;
    }
  }
  return counts;
}

class RuleCount {
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #entitlements: Int32Array = sharedIntegers(1024);
  #freqUnions: Int32Array = sharedIntegers(1024);
  #size = 0;
  readonly #basis: RuleCountBasis;
  readonly #members: MemberCount;

  constructor(basis: RuleCountBasis) {
    this.#basis = basis;
    this.#members = new MemberCount(basis.teaching);
    this.#starts = sharedIntegers(basis.end).fill(UNCOUNTED);
    this.#ends = sharedIntegers(basis.end);
  }

  *run(): Slices<void> {
    const { from, end, members } = this.#basis;
    for (let itemset = from; itemset < end; ) {
      yield;
      for (let done = 0; itemset < end && done < SLICE; itemset++) {
        done += members.length[itemset]!;
        this.#countOne(itemset);
      }
    }
  }

  give(): CountedRules {
    const { from, end } = this.#basis;
    const [entitlements, freqUnions] = [this.#entitlements, this.#freqUnions];
    return { first: from, last: end, starts: this.#starts, ends: this.#ends, entitlements, freqUnions };
  }

  #countOne(itemset: number): void {
    if (this.#starts[itemset] !== UNCOUNTED) return;
    const { members, parent, supportFloor, end } = this.#basis;
    const freq = members.length[itemset]!;
    const above = parent[itemset]!;
    // Who has all of an itemset has its parent: of as many people, they are the same.
    const isRepeated = above !== -1 && above < end && members.length[above] === freq;
    if (isRepeated) this.#countOne(above);
    this.#starts[itemset] = this.#size;
    if (isRepeated) this.#repeat(above);
    else if (freq >= supportFloor) this.#add(this.#members.count(members, itemset));
    this.#ends[itemset] = this.#size;
  }

  #add(entitlements: Int32Array): void {
    this.#makeRoom(entitlements.length);
    for (const entitlement of entitlements) {
      this.#entitlements[this.#size] = entitlement;
      this.#freqUnions[this.#size++] = this.#members.freqUnionOf(entitlement);
    }
  }

  /** Adds the same rules as another itemset has. */
  #repeat(itemset: number): void {
    const from = this.#starts[itemset]!;
    const end = this.#ends[itemset]!;
    this.#makeRoom(end - from);
    this.#entitlements.copyWithin(this.#size, from, end);
    this.#freqUnions.copyWithin(this.#size, from, end);
    this.#size += end - from;
  }

  #makeRoom(rules: number): void {
    const size = this.#size + rules;
    if (size <= this.#entitlements.length) return;
    this.#entitlements = largerShared(this.#entitlements, roomFor(size));
    this.#freqUnions = largerShared(this.#freqUnions, roomFor(size));
  }
}
