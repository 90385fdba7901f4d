/**
 * Which pairs a changed rule may concern: those whose choice it is, or whose choice it may replace or uncover. All others
 * keep what was published of them, whatever else changed in the same step (docs/ARCHITECTURE.md, "Skipped looks").
 */
import type { Company } from "./company.ts";
import type { Counters, RuleChange } from "./counters.ts";
import { largerIntegers } from "./larger.ts";
import { reaches } from "./materiality.ts";
import { NOTHING, type Pairs, UNTOLD } from "./pairs.ts";
import type { Policy } from "./policy.ts";
import { ROW_MAP_WIDTH } from "./row-map.ts";
import { PUBLISHED_FREQ, PUBLISHED_UNION } from "./rule-tables.ts";
import type { Fraction, Settings } from "./settings.ts";

export class Concern {
  readonly #pairs: Pairs;
  readonly #policy: Policy;
  readonly #counters: Counters;
  readonly #window: Fraction;
  #rows: Int32Array = new Int32Array(256);
  #winners: Int32Array = new Int32Array(256);
  /** The change at hand; 0, 0 now: the rule is gone. */
  #itemset = -1;
  #unionBefore = 0;
  #freqBefore = 0;
  #unionNow = 0;
  #freqNow = 0;

  constructor(company: Company, counters: Counters, settings: Settings) {
    this.#pairs = company.pairs;
    this.#policy = company.policy;
    this.#counters = counters;
    this.#window = settings.confidenceWindow;
  }

  /** Calls `meet` for every member of the rule's itemset whose pair with its entitlement must be looked at again. */
  forEach(change: RuleChange, meet: (user: number) => void): void {
    this.#take(change);
    const { members } = this.#counters.itemsets;
    const rows = this.#pairs.rowsOf(change.entitlement);
    const untold = this.#concernsUntold(change.entitlement);
    const count = members.count(change.itemset);
    if (!untold && count > rows.size) return this.#forEachRow(change.itemset, rows.slots, meet);
    if (count === 0) return;
    this.#reserve(count);
    const from = members.start[change.itemset]!;
    rows.findAll(members.pool, from, from + count, this.#rows);
    this.#pairs.winnersOf(this.#rows, count, this.#winners);
    for (let i = 0; i < count; i++) {
      const winner = this.#winners[i]!;
      if (winner === UNTOLD ? untold : this.#concernsTold(this.#rows[i]!, winner)) meet(members.pool[from + i]!);
    }
  }

  #forEachRow(itemset: number, slots: Int32Array, meet: (user: number) => void): void {
    const { members } = this.#counters.itemsets;
    for (let at = 0; at < slots.length; at += ROW_MAP_WIDTH) {
      if (slots[at] === 0) continue;
      const row = slots[at + 1]!;
      if (this.#pairs.publishedOf(row) === NOTHING || !this.#concernsTold(row, this.#pairs.winnerOf(row))) continue;
      if (members.has(itemset, slots[at]! - 1)) meet(slots[at]! - 1);
    }
  }

  #take(change: RuleChange): void {
    const table = this.#counters.table(change.entitlement);
    const slot = table.find(change.itemset);
    this.#itemset = change.itemset;
    this.#unionBefore = change.unionBefore;
    this.#freqBefore = change.freqBefore;
    this.#unionNow = slot === -1 ? 0 : table.slots[slot + PUBLISHED_UNION]!;
    this.#freqNow = slot === -1 ? 0 : table.slots[slot + PUBLISHED_FREQ]!;
  }

  /**
   * Whether a pair that is not recommended may be now: the rule recommends and became better, or it was the one whose
   * choice, within a window below the threshold, hid a rule that recommends, and became worse.
   */
  #concernsUntold(entitlement: number): boolean {
    const { recommendExcluded, recommendThreshold } = this.#policy.of(entitlement);
    if (recommendExcluded) return false;
    const rise = this.#unionNow * this.#freqBefore - this.#unionBefore * this.#freqNow;
    if (this.#unionNow > 0 && reaches(this.#unionNow, this.#freqNow, recommendThreshold)) {
      return this.#unionBefore === 0 || rise > 0 || this.#unionNow > this.#unionBefore;
    }
    if (this.#unionBefore === 0 || reaches(this.#unionBefore, this.#freqBefore, recommendThreshold)) return false;
    if (!reaches(this.#unionBefore, this.#freqBefore, difference(recommendThreshold, this.#window))) return false;
    return rise < 0 || this.#unionNow < this.#unionBefore;
  }

  #concernsTold(row: number, winner: number): boolean {
    if (winner === -1 || winner === this.#itemset || this.#pairs.bestFreqOf(row) === 0) return true;
    const union = this.#pairs.freqUnionOf(row);
    if (!this.#pairs.isSecure(row)) return this.#movesBest(row) || (this.#unionNow >= union && this.#isInWindow(row));
    const { numerator, denominator } = this.#window;
    const freq = this.#pairs.freqOf(row);
    const scale = freq * denominator;
    if (this.#unionNow * scale > (union * denominator + numerator * freq) * this.#freqNow) return true;
    if (this.#unionNow < union) return false;
    return this.#unionNow * scale >= (union * denominator - numerator * freq) * this.#freqNow;
  }

  /** Whether the best confidence of the pair may be another one now. */
  #movesBest(row: number): boolean {
    const bestUnion = this.#pairs.bestUnionOf(row);
    const bestFreq = this.#pairs.bestFreqOf(row);
    const higher = this.#unionNow * bestFreq - bestUnion * this.#freqNow;
    if (higher > 0) return true;
    const wasBest = this.#unionBefore > 0 && this.#unionBefore * bestFreq >= bestUnion * this.#freqBefore;
    return wasBest && (higher < 0 || this.#unionNow === 0);
  }

  #isInWindow(row: number): boolean {
    const { numerator, denominator } = this.#window;
    const bestUnion = this.#pairs.bestUnionOf(row);
    const bestFreq = this.#pairs.bestFreqOf(row);
    return this.#unionNow * bestFreq * denominator >= (bestUnion * denominator - numerator * bestFreq) * this.#freqNow;
  }

  #reserve(count: number): void {
    if (count <= this.#rows.length) return;
    this.#rows = largerIntegers(this.#rows, count * 2);
    this.#winners = largerIntegers(this.#winners, count * 2);
  }
}

/** a − b, exactly; settings are decimal, so one denominator divides the other. */
function difference(a: Fraction, b: Fraction): Fraction {
  const denominator = Math.max(a.denominator, b.denominator);
  const numerator = a.numerator * (denominator / a.denominator) - b.numerator * (denominator / b.denominator);
  return { numerator, denominator };
}
