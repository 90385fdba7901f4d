/**
 * Batch path: all rules of a company, counted at once, itemset by itemset. While one itemset is counted there is one
 * small counter for every entitlement, so hardly anything waits for memory.
 *
 * The columns hold one place for every rule: those of itemset S stand at `start[S] … end[S]`, by entitlement.
 */
import type { Company } from "./company.ts";
import { lowerBound } from "./int-lists.ts";
import type { Itemsets } from "./itemsets.ts";
import { largerIntegers } from "./larger.ts";
import type { Materiality } from "./materiality.ts";
import { MemberCount } from "./member-count.ts";
import { firstPlaces, PUBLISHED_FREQ, PUBLISHED_UNION, type RuleTable } from "./rule-tables.ts";
import { SLICE, type Slices } from "./slices.ts";

/** Instead of a place. */
const UNCOUNTED = -1;

const NONE: Int32Array = new Int32Array(0);

export class BatchRules {
  readonly start: Int32Array;
  readonly end: Int32Array;
  entitlements: Int32Array = new Int32Array(1024);
  freqUnions: Int32Array = new Int32Array(1024);
  /** Published evidence that was restored; 0, 0 where none was, and no columns as long as there is none. */
  #publishedUnions: Int32Array = NONE;
  #publishedFreqs: Int32Array = NONE;
  readonly #company: Company;
  readonly #itemsets: Itemsets;
  readonly #materiality: Materiality;
  #size = 0;

  /** Of the itemsets with numbers below `itemsetsMax`. */
  constructor(company: Company, itemsets: Itemsets, itemsetsMax: number, materiality: Materiality) {
    this.#company = company;
    this.#itemsets = itemsets;
    this.#materiality = materiality;
    this.start = new Int32Array(itemsetsMax).fill(UNCOUNTED);
    this.end = new Int32Array(itemsetsMax);
  }

  /** Counts everything: members and what is counted of a row are up to date. */
  *count(): Slices<void> {
    const members = new MemberCount(this.#company);
    for (let itemset = 0; itemset < this.start.length; ) {
      yield;
      for (let done = 0; itemset < this.start.length && done < SLICE; itemset++) {
        done += this.#itemsets.freq(itemset);
        this.#countOne(itemset, members);
      }
    }
  }

  /** Places are below this. */
  get size(): number {
    return this.#size;
  }

  /** Published freqUnion of the rule in a place. */
  publishedUnionAt(at: number): number {
    return this.#restoredAt(at) ? this.#publishedUnions[at]! : this.freqUnions[at]!;
  }

  /** Published freq of the rule in a place, whose itemset has this freq. */
  publishedFreqAt(at: number, freq: number): number {
    return this.#restoredAt(at) ? this.#publishedFreqs[at]! : freq;
  }

  /**
   * Takes back what was published, as `restore` does, from the tables of before, one for every entitlement: `formerOf` names
   * by itemset the one of the same items there; -1: none that may have had rules.
   */
  *restoreAll(tables: readonly RuleTable[], formerOf: Int32Array): Slices<void> {
    for (let itemset = 0; itemset < this.start.length; ) {
      yield;
      for (let done = 0; itemset < this.start.length && done < SLICE; itemset++) {
        done += this.end[itemset]! - this.start[itemset]!;
        if (formerOf[itemset] !== -1) this.#restoreRules(itemset, tables, formerOf[itemset]!);
      }
    }
  }

  /** Takes evidence that consumers know of back as published, unless it is material by now. */
  restore(entitlement: number, itemset: number, toldUnion: number, toldFreq: number): void {
    const at = this.#find(entitlement, itemset);
    if (at !== -1 && !this.#restoredAt(at)) this.#restoreAt(at, itemset, toldUnion, toldFreq);
  }

  #restoreRules(itemset: number, tables: readonly RuleTable[], former: number): void {
    const from = this.start[itemset]!;
    const end = this.end[itemset]!;
    if (firstPlaces(former, tables, this.entitlements, from, end) === 0) return;
    for (let at = from; at < end; at++) {
      const table = tables[this.entitlements[at]!]!;
      const slot = table.find(former);
      if (slot === -1) continue;
      this.#restoreAt(at, itemset, table.slots[slot + PUBLISHED_UNION]!, table.slots[slot + PUBLISHED_FREQ]!);
    }
  }

  #restoreAt(at: number, itemset: number, toldUnion: number, toldFreq: number): void {
    const entitlement = this.entitlements[at]!;
    const { minSupport, recommendThreshold } = this.#company.policy.of(entitlement);
    if (toldUnion < minSupport) return;
    const freq = this.#itemsets.freq(itemset);
    if (this.#materiality.isMaterial(this.freqUnions[at]!, freq, toldUnion, toldFreq, recommendThreshold)) return;
    if (this.#publishedUnions === NONE) {
      this.#publishedUnions = new Int32Array(this.#size);
      this.#publishedFreqs = new Int32Array(this.#size);
    }
    this.#publishedUnions[at] = toldUnion;
    this.#publishedFreqs[at] = toldFreq;
  }

  /** Where nothing was restored, published evidence is exact evidence. */
  #restoredAt(at: number): boolean {
    return at < this.#publishedUnions.length && this.#publishedUnions[at] !== 0;
  }

  #countOne(itemset: number, members: MemberCount): void {
    if (this.start[itemset] !== UNCOUNTED) return;
    const itemsets = this.#itemsets;
    const freq = itemsets.freq(itemset);
    const parent = itemsets.parentOf(itemset);
    // Who has all of an itemset has its parent: of as many people, they are the same.
    const isRepeated = parent !== -1 && itemsets.freq(parent) === freq;
    if (isRepeated) this.#countOne(parent, members);
    this.start[itemset] = this.#size;
    if (isRepeated) this.#repeat(parent);
    else if (freq >= this.#company.policy.supportFloor) this.#add(members.count(itemsets.members, itemset), members);
    this.end[itemset] = this.#size;
  }

  #add(entitlements: Int32Array, members: MemberCount): void {
    this.#makeRoom(entitlements.length);
    for (const entitlement of entitlements) {
      this.entitlements[this.#size] = entitlement;
      this.freqUnions[this.#size++] = members.freqUnionOf(entitlement);
    }
  }

  /** Adds the same rules as another itemset has. */
  #repeat(itemset: number): void {
    const from = this.start[itemset]!;
    const end = this.end[itemset]!;
    this.#makeRoom(end - from);
    this.entitlements.copyWithin(this.#size, from, end);
    this.freqUnions.copyWithin(this.#size, from, end);
    this.#size += end - from;
  }

  #makeRoom(rules: number): void {
    const end = this.#size + rules;
    if (end <= this.entitlements.length) return;
    this.entitlements = largerIntegers(this.entitlements, end * 2);
    this.freqUnions = largerIntegers(this.freqUnions, end * 2);
  }

  /** The place of a rule, or -1. */
  #find(entitlement: number, itemset: number): number {
    if (itemset >= this.start.length) return -1;
    const end = this.end[itemset]!;
    const at = lowerBound(this.entitlements, this.start[itemset]!, end, entitlement);
    return at < end && this.entitlements[at] === entitlement ? at : -1;
  }
}
