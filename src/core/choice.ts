/**
 * Choosing the rule for a user and an entitlement (docs/SEMANTICS.md, "Choosing the rule"): of the rules whose itemset the
 * user has, those within `confidenceWindow` of the best confidence; of these the one with the highest freqUnion; then
 * higher confidence, fewer items, smaller items. The answer stands in the fields until the next call.
 */
import type { ChoiceReader } from "./choices-ahead.ts";
import type { Counters } from "./counters.ts";
import { pairFloors } from "./floors.ts";
import { largerIntegers } from "./larger.ts";
import { Ranking, rankingPays } from "./ranking.ts";
import { PUBLISHED_FREQ, PUBLISHED_UNION, RuleTable } from "./rule-tables.ts";
import type { Fraction, Settings } from "./settings.ts";

/** Which numbers are compared: what consumers were told, or what is true now. Never a mix. */
export type Evidence = "published" | "exact";

/** So many lists of itemsets are remembered, of a hundred each. */
const WITHIN_MAX = 10_000;

export class Choice {
  /** The chosen itemset, or -1 when no rule applies. */
  itemset = -1;
  freqUnion = 0;
  freq = 0;
  /** The best confidence among the rules that apply. */
  bestUnion = 0;
  bestFreq = 0;
  /**
   * No rule that would be preferred to the choice inside a window lies within one window below it. Then the choice
   * stands for as long as it lies within one window of the best, whichever rule that is.
   */
  secure = false;
  readonly #counters: Counters;
  readonly #ranking: Ranking;
  /** What is ranked, and the version of it. */
  #rankedTable: RuleTable = new RuleTable();
  #rankedVersion = -1;
  /** How users are chosen for until `done`: what is known ahead, else by rank, else rule by rule. */
  #ahead: ChoiceReader | null = null;
  #isRanked = false;
  /** What the last choice asks of the rules is known ahead. */
  #isAhead = false;
  readonly #window: Fraction;
  /** By items: the itemsets within them, as of this version of all. */
  readonly #within: Map<readonly number[], Int32Array> = new Map();
  #withinVersion = -1;
  #offsets: Int32Array = new Int32Array(256);
  #sets: Int32Array = new Int32Array(256);
  #unions: Int32Array = new Int32Array(256);
  #freqs: Int32Array = new Int32Array(256);
  #candidates = 0;
  /** Where the chosen rule and the best one stand in the table, when they were found rule by rule. */
  #chosenAt = -1;
  #bestAt = -1;

  constructor(counters: Counters, settings: Settings) {
    this.#counters = counters;
    this.#ranking = new Ranking((a, b) => counters.itemsets.compare(a, b), settings.confidenceWindow);
    this.#window = settings.confidenceWindow;
  }

  /**
   * So many users are about to be looked at, by published evidence, and so many before another entitlement is: takes what
   * is known of them ahead, or else ranks the rules before, when that pays. Until `done` the looks are at this entitlement
   * only, and nobody reads floors or leads.
   */
  expect(entitlement: number, users: number, usersInAll: number, ahead: ChoiceReader | null): void {
    const table = this.#counters.table(entitlement);
    this.#ahead = ahead;
    if (ahead !== null) table.take(ahead.choices.notes);
    const isKnown = this.#rankedTable === table;
    const isRanked = isKnown && this.#rankedVersion === table.version;
    // Rules that have changed once since they were ranked may do so before the others are looked at.
    this.#isRanked = ahead === null && (isRanked || rankingPays(isKnown ? users : usersInAll, table.size));
    if (!this.#isRanked || isRanked) return;
    this.#ranking.make(table.slots, table.size);
    this.#rankedTable = table;
    this.#rankedVersion = table.version;
  }

  done(): void {
    if (this.#isRanked) this.#rankedTable.take(this.#ranking.takeNotes());
    this.#isRanked = false;
    this.#ahead = null;
  }

  /** True when a rule applies to the user as it is now. */
  forUser(user: number, entitlement: number, evidence: Evidence): boolean {
    const at = evidence === "published" && this.#ahead !== null ? this.#ahead.find(user) : -1;
    this.#isAhead = at !== -1;
    if (this.#isAhead) return this.#takeAhead(this.#ahead!, at);
    const { pool, start, length } = this.#counters.itemsets.sets;
    const from = start[user] ?? 0;
    const end = from + (length[user] ?? 0);
    if (this.#isRanked && evidence === "published") return this.#pickRanked(pool, from, end);
    this.#collect(entitlement, pool, from, end, evidence);
    return this.#pick();
  }

  /** True when a rule applies to somebody with these items (in item order), which are never changed. */
  forItems(items: readonly number[], entitlement: number, evidence: Evidence): boolean {
    const sets = this.#setsWithin(items);
    this.#collect(entitlement, sets, 0, sets.length, evidence);
    return this.#pick();
  }

  /**
   * Notes at the rules that apply that a pair was told the choice: see `RuleTable.floorAt` and `leadsAt`. The last call was
   * `forUser`, by published evidence.
   */
  noteTold(entitlement: number): void {
    if (this.#isAhead) return;
    if (this.#isRanked) return this.#ranking.note();
    const table = this.#counters.table(entitlement);
    table.setLeads(this.#chosenAt, true);
    table.setLeads(this.#bestAt, true);
    table.lowerFloors(this.#offsets, this.#candidates, pairFloors(this, this.#window));
  }

  /** The same items are asked for again and again, once for every entitlement that somebody holds. */
  #setsWithin(items: readonly number[]): Int32Array {
    const { itemsets } = this.#counters;
    if (this.#withinVersion !== itemsets.version || this.#within.size > WITHIN_MAX) this.#within.clear();
    this.#withinVersion = itemsets.version;
    let sets = this.#within.get(items);
    if (sets === undefined) this.#within.set(items, (sets = Int32Array.from(itemsets.within(items))));
    return sets;
  }

  #takeAhead({ choices }: ChoiceReader, at: number): boolean {
    this.itemset = choices.itemsets[at]!;
    this.freqUnion = choices.freqUnions[at]!;
    this.freq = choices.freqs[at]!;
    this.bestUnion = choices.bestUnions[at]!;
    this.bestFreq = choices.bestFreqs[at]!;
    this.secure = choices.secure[at] === 1;
    return this.itemset !== -1;
  }

  #pickRanked(pool: Int32Array, from: number, end: number): boolean {
    this.#clear();
    const ranking = this.#ranking;
    if (!ranking.choose(pool, from, end)) return false;
    this.itemset = ranking.itemset;
    this.freqUnion = ranking.freqUnion;
    this.freq = ranking.freq;
    this.bestUnion = ranking.bestUnion;
    this.bestFreq = ranking.bestFreq;
    this.secure = ranking.secure;
    return true;
  }

  #collect(entitlement: number, pool: Int32Array, from: number, end: number, evidence: Evidence): void {
    this.#candidates = 0;
    const table = this.#counters.table(entitlement);
    if (table.size === 0) return;
    if (end - from > this.#sets.length) this.#grow(end - from);
    const count = table.findAll(pool, from, end, this.#offsets);
    const { slots } = table;
    const published = evidence === "published";
    for (let i = 0; i < count; i++) {
      const slot = this.#offsets[i]!;
      const itemset = slots[slot]! - 1;
      this.#sets[i] = itemset;
      this.#unions[i] = published ? slots[slot + PUBLISHED_UNION]! : table.freqUnionAt(slot);
      this.#freqs[i] = published ? slots[slot + PUBLISHED_FREQ]! : this.#counters.itemsets.freq(itemset);
    }
    this.#candidates = count;
  }

  #clear(): void {
    this.itemset = -1;
    this.freqUnion = 0;
    this.freq = 0;
    this.bestUnion = 0;
    this.bestFreq = 0;
    this.secure = false;
  }

  #pick(): boolean {
    this.#clear();
    const count = this.#candidates;
    if (count === 0) return false;
    const unions = this.#unions;
    const freqs = this.#freqs;
    let best = 0;
    let bestUnion = unions[0]!;
    let bestFreq = freqs[0]!;
    for (let i = 1; i < count; i++) {
      if (unions[i]! * bestFreq > bestUnion * freqs[i]!) {
        best = i;
        bestUnion = unions[i]!;
        bestFreq = freqs[i]!;
      }
    }
    this.bestUnion = bestUnion;
    this.bestFreq = bestFreq;
    // u/f ≥ bestUnion/bestFreq − window, multiplied out
    const scale = bestFreq * this.#window.denominator;
    const bound = bestUnion * this.#window.denominator - this.#window.numerator * bestFreq;
    let chosen = -1;
    for (let i = 0; i < count; i++) {
      if (unions[i]! * scale < bound * freqs[i]!) continue;
      if (chosen === -1 || this.#beats(i, chosen)) chosen = i;
    }
    this.#chosenAt = this.#offsets[chosen]!;
    this.#bestAt = this.#offsets[best]!;
    this.itemset = this.#sets[chosen]!;
    this.freqUnion = unions[chosen]!;
    this.freq = freqs[chosen]!;
    this.secure = this.#isSecure(chosen);
    return true;
  }

  #isSecure(chosen: number): boolean {
    const scale = this.freq * this.#window.denominator;
    const bound = this.freqUnion * this.#window.denominator - this.#window.numerator * this.freq;
    for (let i = 0; i < this.#candidates; i++) {
      if (this.#unions[i]! < this.freqUnion || this.#unions[i]! * scale < bound * this.#freqs[i]!) continue;
      if (i !== chosen && this.#beats(i, chosen)) return false;
    }
    return true;
  }

  /** Higher freqUnion; of equal ones the lower freq is the higher confidence. */
  #beats(i: number, j: number): boolean {
    if (this.#unions[i] !== this.#unions[j]) return this.#unions[i]! > this.#unions[j]!;
    if (this.#freqs[i] !== this.#freqs[j]) return this.#freqs[i]! < this.#freqs[j]!;
    return this.#counters.itemsets.compare(this.#sets[i]!, this.#sets[j]!) < 0;
  }

  #grow(size: number): void {
    this.#offsets = largerIntegers(this.#offsets, size);
    this.#sets = largerIntegers(this.#sets, size);
    this.#unions = largerIntegers(this.#unions, size);
    this.#freqs = largerIntegers(this.#freqs, size);
  }
}
