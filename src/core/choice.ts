/**
 * Choosing the rule for a user and an entitlement (docs/SEMANTICS.md, "Choosing the rule"): of the rules whose itemset the
 * user has, those within `confidenceWindow` of the best confidence; of these the one with the highest freqUnion; then
 * higher confidence, fewer items, smaller items. The answer stands in the fields until the next call.
 */
import type { Counters } from "./counters.ts";
import { largerIntegers } from "./larger.ts";
import { Ranking } from "./ranking.ts";
import { FLOOR_MAX, PUBLISHED_FREQ, PUBLISHED_UNION } from "./rule-tables.ts";
import type { Settings } from "./settings.ts";

/** Which numbers are compared: what consumers were told, or what is true now. Never a mix. */
export type Evidence = "published" | "exact";

/** Ranking so many rules takes as long as ranks save at one look. */
const RULES_RANKED_A_LOOK = 32;

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
  #isRanked = false;
  readonly #windowNumerator: number;
  readonly #windowDenominator: number;
  #offsets: Int32Array = new Int32Array(256);
  #sets: Int32Array = new Int32Array(256);
  #unions: Int32Array = new Int32Array(256);
  #freqs: Int32Array = new Int32Array(256);
  #candidates = 0;
  /** Where the chosen rule and the best one stand in the table. */
  #chosenAt = -1;
  #bestAt = -1;

  constructor(counters: Counters, settings: Settings) {
    this.#counters = counters;
    this.#ranking = new Ranking(counters, settings.confidenceWindow);
    this.#windowNumerator = settings.confidenceWindow.numerator;
    this.#windowDenominator = settings.confidenceWindow.denominator;
  }

  /**
   * So many users are about to be looked at, by published evidence: ranks the rules before, when that pays. Until `done`
   * the looks are at this entitlement only, and nobody reads floors.
   */
  expect(entitlement: number, users: number): void {
    const pays = users * RULES_RANKED_A_LOOK > this.#counters.table(entitlement).size;
    if (pays && !this.#ranking.isOf(entitlement)) this.#ranking.make(entitlement);
    this.#isRanked = pays;
  }

  done(): void {
    if (this.#isRanked) this.#ranking.keepFloors();
    this.#isRanked = false;
  }

  /** True when a rule applies to the user as it is now. */
  forUser(user: number, entitlement: number, evidence: Evidence): boolean {
    const { pool, start, length } = this.#counters.itemsets.sets;
    const from = start[user] ?? 0;
    const end = from + (length[user] ?? 0);
    if (this.#isRanked && evidence === "published") return this.#pickRanked(entitlement, pool, from, end);
    this.#collect(entitlement, pool, from, end, evidence);
    return this.#pick();
  }

  /** True when a rule applies to somebody with these items (in item order). */
  forItems(items: readonly number[], entitlement: number, evidence: Evidence): boolean {
    const sets: number[] = [];
    this.#counters.itemsets.forEachIn(items, (node) => sets.push(node));
    this.#collect(entitlement, Int32Array.from(sets), 0, sets.length, evidence);
    return this.#pick();
  }

  /** Notes at the rules that apply that a pair was told the choice: see `RuleTable.floorAt` and `leadsAt`. */
  noteTold(entitlement: number): void {
    const table = this.#counters.table(entitlement);
    table.setLeads(this.#chosenAt, true);
    table.setLeads(this.#bestAt, true);
    const [union, freq] = this.secure ? [this.freqUnion, this.freq] : [this.bestUnion, this.bestFreq];
    const floor = floorOf(union, freq, this.#windowNumerator, this.#windowDenominator);
    if (this.#isRanked) this.#ranking.lowerFloors(floor);
    else table.lowerFloors(this.#offsets, this.#candidates, floor);
  }

  #pickRanked(entitlement: number, pool: Int32Array, from: number, end: number): boolean {
    this.#clear();
    const ranking = this.#ranking;
    if (!ranking.choose(pool, from, end)) return false;
    const { slots } = this.#counters.table(entitlement);
    this.#chosenAt = ranking.chosen;
    this.#bestAt = ranking.best;
    this.itemset = slots[ranking.chosen]! - 1;
    this.freqUnion = slots[ranking.chosen + PUBLISHED_UNION]!;
    this.freq = slots[ranking.chosen + PUBLISHED_FREQ]!;
    this.bestUnion = slots[ranking.best + PUBLISHED_UNION]!;
    this.bestFreq = slots[ranking.best + PUBLISHED_FREQ]!;
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
    const scale = bestFreq * this.#windowDenominator;
    const bound = bestUnion * this.#windowDenominator - this.#windowNumerator * bestFreq;
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
    const scale = this.freq * this.#windowDenominator;
    const bound = this.freqUnion * this.#windowDenominator - this.#windowNumerator * this.freq;
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

/** freqUnion / freq − window in 255ths, rounded down. */
export function floorOf(freqUnion: number, freq: number, numerator: number, denominator: number): number {
  const scaled = (freqUnion * denominator - numerator * freq) * FLOOR_MAX;
  return Math.max(0, Math.floor(scaled / (freq * denominator)));
}
