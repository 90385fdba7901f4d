/**
 * Which pairs a changed rule may concern: those whose choice it is, or whose choice it may replace or uncover. All others
 * keep what was published of them, whatever else changed in the same step (docs/ARCHITECTURE.md, "Skipped looks").
 */
import type { Company } from "./company.ts";
import type { Counters, RuleChange } from "./counters.ts";
import { FLOOR_MAX, floorFor, floorForAny, hasOutgrownFloor, isUnder, pairFloors } from "./floors.ts";
import { largerIntegers } from "./larger.ts";
import { reaches } from "./materiality.ts";
import { type Pairs, UNTOLD } from "./pairs.ts";
import type { Policy } from "./policy.ts";
import { ROW_MAP_WIDTH, type RowMap } from "./row-map.ts";
import { PUBLISHED_FREQ, PUBLISHED_UNION, type RuleTable } from "./rule-tables.ts";
import type { Fraction, Settings } from "./settings.ts";

type Meet = (user: number) => boolean;

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
  /** Of the pairs met so far that need no look. */
  #floor = FLOOR_MAX;
  #leads = false;

  constructor(company: Company, counters: Counters, settings: Settings) {
    this.#pairs = company.pairs;
    this.#policy = company.policy;
    this.#counters = counters;
    this.#window = settings.confidenceWindow;
  }

  /**
   * Calls `meet` for every member of the rule's itemset whose pair with its entitlement must be looked at again; how many
   * were visited. `meet` answers false when the pair has been looked at since the rule changed.
   */
  forEach(change: RuleChange, meet: Meet): number {
    const { entitlement, itemset } = change;
    const table = this.#counters.table(entitlement);
    const slot = table.find(itemset);
    this.#take(change, table, slot);
    const untold = isAny(change, (at) => this.#concernsUntold(entitlement, at));
    if (!untold && !this.#mayConcernTold(change, table, slot)) return 0;
    const rows = this.#pairs.rowsOf(entitlement);
    const members = this.#counters.itemsets.freq(itemset);
    const inRows = !untold && members > rows.size;
    this.#floor = FLOOR_MAX;
    this.#leads = false;
    if (inRows) this.#forEachRow(itemset, rows, meet);
    else this.#forEachMember(itemset, rows, untold, meet);
    if (slot !== -1) {
      table.setFloor(slot, this.#floor);
      table.setLeads(slot, this.#leads);
    }
    return inRows ? rows.size : members;
  }

  #forEachMember(itemset: number, rows: RowMap, untold: boolean, meet: Meet): void {
    const { members } = this.#counters.itemsets;
    const count = members.count(itemset);
    if (count === 0) return;
    this.#reserve(count);
    const from = members.start[itemset]!;
    rows.findAll(members.pool, from, from + count, this.#rows);
    this.#pairs.winnersOf(this.#rows, count, this.#winners);
    for (let i = 0; i < count; i++) {
      const winner = this.#winners[i]!;
      const user = members.pool[from + i]!;
      if (winner !== UNTOLD) this.#meetTold(this.#rows[i]!, winner, user, meet);
      else if (untold) meet(user);
    }
  }

  #forEachRow(itemset: number, { slots, size }: RowMap, meet: Meet): void {
    const { members } = this.#counters.itemsets;
    this.#reserve(size);
    let count = 0;
    for (let at = 0; at < slots.length; at += ROW_MAP_WIDTH) if (slots[at] !== 0) this.#rows[count++] = slots[at + 1]!;
    this.#pairs.winnersOf(this.#rows, count, this.#winners);
    for (let i = 0; i < count; i++) {
      const row = this.#rows[i]!;
      const winner = this.#winners[i]!;
      if (winner === UNTOLD || this.#isOfNoConsequence(row, winner)) continue;
      const user = this.#pairs.userOf(row);
      if (members.has(itemset, user)) this.#meetTold(row, winner, user, meet);
    }
  }

  /** Whether to meet a pair would change nothing, were its user a member; its floor is kept where that is no loss. */
  #isOfNoConsequence(row: number, winner: number): boolean {
    if (this.#concernsTold(row, winner) || (!this.#leads && this.#leadsIn(row, winner))) return false;
    const floor = this.#floorIn(row);
    if (floor >= this.#floor) return true;
    if (this.#isNowBelow(this.#floor) && !this.#isNowBelow(floor)) return false;
    this.#floor = floor;
    return true;
  }

  #take(change: RuleChange, table: RuleTable, slot: number): void {
    this.#itemset = change.itemset;
    this.#unionBefore = change.unionBefore;
    this.#freqBefore = change.freqBefore;
    this.#unionNow = slot === -1 ? 0 : table.slots[slot + PUBLISHED_UNION]!;
    this.#freqNow = slot === -1 ? 0 : table.slots[slot + PUBLISHED_FREQ]!;
  }

  /** false: what is known of the rule says that no pair which consumers were told of needs a look. */
  #mayConcernTold(change: RuleChange, table: RuleTable, slot: number): boolean {
    if (slot === -1) return isAny(change, ({ ledBefore }) => ledBefore);
    if (this.#isFall() && !table.leadsAt(slot)) return false;
    if (isAny(change, ({ unionBefore }) => unionBefore > 0 && hasOutgrownFloor(unionBefore, this.#unionNow))) {
      table.setFloor(slot, floorForAny(table.floorAt(slot), this.#window));
    }
    return !this.#isBelow(table.floorAt(slot));
  }

  /** Whether the confidence was and is below a floor. */
  #isBelow(floor: number): boolean {
    const before = this.#unionBefore === 0 || isUnder(floor, this.#unionBefore, this.#freqBefore);
    return before && this.#isNowBelow(floor);
  }

  #isNowBelow(floor: number): boolean {
    return isUnder(floor, this.#unionNow, this.#freqNow);
  }

  /** Neither more people nor a higher confidence than before: this concerns only pairs in which the rule leads. */
  #isFall(): boolean {
    if (this.#unionNow > this.#unionBefore) return false;
    return this.#unionNow * this.#freqBefore <= this.#unionBefore * this.#freqNow;
  }

  /**
   * Whether a pair that is not recommended may be now: the rule recommends and became better, or it was the one whose
   * choice, within a window below the threshold, hid a rule that recommends, and became worse.
   */
  #concernsUntold(entitlement: number, { unionBefore, freqBefore }: RuleChange): boolean {
    const { recommendExcluded, recommendThreshold } = this.#policy.of(entitlement);
    if (recommendExcluded) return false;
    const rise = this.#unionNow * freqBefore - unionBefore * this.#freqNow;
    if (this.#unionNow > 0 && reaches(this.#unionNow, this.#freqNow, recommendThreshold)) {
      return unionBefore === 0 || rise > 0 || this.#unionNow > unionBefore;
    }
    if (unionBefore === 0 || reaches(unionBefore, freqBefore, recommendThreshold)) return false;
    if (!reaches(unionBefore, freqBefore, difference(recommendThreshold, this.#window))) return false;
    return rise < 0 || this.#unionNow < unionBefore;
  }

  /** The floor is not above that of a pair that is not looked at for this change. */
  #meetTold(row: number, winner: number, user: number, meet: Meet): void {
    if (!this.#concernsTold(row, winner) || !meet(user)) this.#floor = Math.min(this.#floor, this.#floorIn(row));
    this.#leads ||= this.#leadsIn(row, winner);
  }

  #concernsTold(row: number, winner: number): boolean {
    if (winner === -1 || winner === this.#itemset || this.#pairs.bestFreqOf(row) === 0) return true;
    return this.#pairs.isSecure(row) ? this.#movesSecure(row) : this.#movesBest(row) || this.#comesBefore(row);
  }

  /** The floor that the pair asks of the rule; of who was not looked at yet: none. */
  #floorIn(row: number): number {
    const pairs = this.#pairs;
    const bestFreq = pairs.bestFreqOf(row);
    if (bestFreq === 0) return FLOOR_MAX;
    const chosen = {
      secure: pairs.isSecure(row),
      freqUnion: pairs.freqUnionOf(row),
      freq: pairs.freqOf(row),
      bestUnion: pairs.bestUnionOf(row),
      bestFreq,
    };
    return floorFor(pairFloors(chosen, this.#window), this.#unionNow);
  }

  #movesSecure(row: number): boolean {
    const { numerator, denominator } = this.#window;
    const union = this.#pairs.freqUnionOf(row);
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

  /** Whether it matters to the pair when the rule falls next. */
  #leadsIn(row: number, winner: number): boolean {
    if (winner === this.#itemset) return true;
    const pairs = this.#pairs;
    return !pairs.isSecure(row) && this.#unionNow * pairs.bestFreqOf(row) >= pairs.bestUnionOf(row) * this.#freqNow;
  }

  /** Whether the rule may now be preferred to an insecure choice. */
  #comesBefore(row: number): boolean {
    if (this.#unionNow < this.#pairs.freqUnionOf(row)) return false;
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

/** Whether any change of the rule, the first one or a later one, is so. */
function isAny(first: RuleChange, isSo: (change: RuleChange) => boolean): boolean {
  for (let at: RuleChange | null = first; at !== null; at = at.later) if (isSo(at)) return true;
  return false;
}
