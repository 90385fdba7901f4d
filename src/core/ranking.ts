/**
 * All rules of one entitlement in the order of their published confidence, highest first, so that choosing for a user
 * compares ranks and not evidence (docs/SEMANTICS.md, "Choosing the rule"). It pays when many users are looked at one
 * after the other.
 */
import { FLOOR_MAX, floorFor, pairFloors } from "./floors.ts";
import { largerBytes, largerIntegers } from "./larger.ts";
import { NOTHING_NOTED, PUBLISHED_FREQ, PUBLISHED_UNION, RULE_WIDTH, type RuleNotes, ruleNote } from "./rule-tables.ts";
import type { Fraction } from "./settings.ts";

/** Instead of the rank of an itemset without a rule: behind all ranks, of few rules and of many. */
const NO_RANK_OF_FEW = 0xffff;
const NO_RANK_OF_MANY = 0x7fffffff;

/** Ranking so many rules takes as long as ranks save at one look. */
const RULES_RANKED_A_LOOK = 32;

/** Whether so many users are worth ranking so many rules. */
export function rankingPays(users: number, rules: number): boolean {
  return users * RULES_RANKED_A_LOOK > rules;
}

export class Ranking {
  /** The last answer: see `Choice`. */
  itemset = -1;
  freqUnion = 0;
  freq = 0;
  bestUnion = 0;
  bestFreq = 0;
  secure = false;
  /** The order of two itemsets: `compareItemsets`. */
  readonly #compare: (itemset: number, other: number) => number;
  readonly #window: Fraction;
  /** The slots of the table (rule-tables.ts), and how many rules are in it. */
  #slots: Int32Array = new Int32Array(0);
  #size = 0;
  /** By rank: offset in the table, itemset, published freqUnion and freq, the last rank within one window below it. */
  #offsets: Int32Array = new Int32Array(0);
  #itemsets: Int32Array = new Int32Array(0);
  #unions: Int32Array = new Int32Array(0);
  #freqs: Int32Array = new Int32Array(0);
  #lasts: Int32Array = new Int32Array(0);
  /** By rank: the lowest floor that pairs ask for; 1: it is a choice, or the best one. */
  #floors: Uint8Array = new Uint8Array(0);
  #leads: Uint8Array = new Uint8Array(0);
  /** Ranks of the last answer. */
  #chosen = -1;
  #best = -1;
  /** By itemset. Most entitlements have few rules: their ranks take half the cache. */
  #rankOf: Uint16Array | Int32Array = new Uint16Array(0);
  #rankOfFew: Uint16Array = new Uint16Array(0);
  #rankOfMany: Int32Array = new Int32Array(0);
  #noRank = NO_RANK_OF_FEW;
  /** Ranks of the rules that applied last. */
  #ranks: Int32Array = new Int32Array(256);
  #count = 0;

  constructor(compare: (itemset: number, other: number) => number, window: Fraction) {
    this.#compare = compare;
    this.#window = window;
  }

  /** Ranks the rules in the slots of a table. */
  make(slots: Int32Array, rules: number): void {
    for (let rank = 0; rank < this.#size; rank++) this.#rankOf[this.#itemsets[rank]!] = this.#noRank;
    this.#slots = slots;
    this.#size = rules;
    if (this.#size > this.#offsets.length) this.#grow(Math.ceil(this.#size * 1.25));
    this.#sort();
    this.#findLasts();
    this.#index();
  }

  /** Chooses among the rules of itemsets `pool[from … end)`; false: there is none. */
  choose(pool: Int32Array, from: number, end: number): boolean {
    if (end - from > this.#ranks.length) this.#ranks = new Int32Array((end - from) * 2);
    const rankOf = this.#rankOf;
    const ranks = this.#ranks;
    const noRank = this.#noRank;
    let count = 0;
    let best = noRank;
    for (let at = from; at < end; at++) {
      const itemset = pool[at]!;
      const rank = itemset < rankOf.length ? rankOf[itemset]! : noRank;
      ranks[count] = rank;
      // 1 when there is a rank; a branch could not be foreseen.
      count += (rank - noRank) >>> 31;
      if (rank < best) best = rank;
    }
    this.#count = count;
    if (count === 0) return false;
    const chosen = this.#mostGeneral(this.#lasts[best]!);
    this.#chosen = chosen;
    this.#best = best;
    this.itemset = this.#itemsets[chosen]!;
    this.freqUnion = this.#unions[chosen]!;
    this.freq = this.#freqs[chosen]!;
    this.bestUnion = this.#unions[best]!;
    this.bestFreq = this.#freqs[best]!;
    this.secure = this.#isSecure(chosen);
    return true;
  }

  /** Notes what the last answer asks of the rules that applied, if a pair is told it. */
  note(): void {
    this.#leads[this.#chosen] = 1;
    this.#leads[this.#best] = 1;
    const asked = pairFloors(this, this.#window);
    const ranks = this.#ranks;
    const floors = this.#floors;
    const unions = this.#unions;
    const count = this.#count;
    for (let i = 0; i < count; i++) {
      const rank = ranks[i]!;
      const floor = floorFor(asked, unions[rank]!);
      if (floors[rank]! > floor) floors[rank] = floor;
    }
  }

  /** What was noted since the last call; to be taken before other rules are ranked. */
  takeNotes(): RuleNotes {
    const notes = new Uint16Array(this.#slots.length / RULE_WIDTH).fill(NOTHING_NOTED);
    for (let rank = 0; rank < this.#size; rank++) {
      notes[this.#offsets[rank]! / RULE_WIDTH] = ruleNote(this.#floors[rank]!, this.#leads[rank] === 1);
    }
    this.#floors.fill(FLOOR_MAX, 0, this.#size);
    this.#leads.fill(0, 0, this.#size);
    return notes;
  }

  /** Of the ranks up to `last` that with the highest freqUnion; of equal ones the first by the whole order. */
  #mostGeneral(last: number): number {
    const ranks = this.#ranks;
    const unions = this.#unions;
    const count = this.#count;
    let chosen = -1;
    let highest = -1;
    for (let i = 0; i < count; i++) {
      const rank = ranks[i]!;
      if (rank > last) continue;
      const union = unions[rank]!;
      if (union < highest || (union === highest && !this.#comesBefore(rank, chosen))) continue;
      chosen = rank;
      highest = union;
    }
    return chosen;
  }

  /** Of two rules with the same freqUnion. */
  #comesBefore(rank: number, other: number): boolean {
    if (this.#freqs[rank] !== this.#freqs[other]) return rank < other;
    return this.#compare(this.#itemsets[rank]!, this.#itemsets[other]!) < 0;
  }

  /** Of the rules within one window below the choice none has a higher freqUnion. */
  #isSecure(chosen: number): boolean {
    const ranks = this.#ranks;
    const unions = this.#unions;
    const count = this.#count;
    const last = this.#lasts[chosen]!;
    const union = unions[chosen]!;
    for (let i = 0; i < count; i++) if (ranks[i]! <= last && unions[ranks[i]!]! > union) return false;
    return true;
  }

  /** By buckets of confidence, then within each of them. */
  #sort(): void {
    const slots = this.#slots;
    const buckets = bucketsFor(this.#size);
    const bucketOf = (offset: number): number =>
      Math.floor((1 - slots[offset + PUBLISHED_UNION]! / slots[offset + PUBLISHED_FREQ]!) * (buckets - 1));
    const starts = new Int32Array(buckets + 1);
    for (let offset = 0; offset < slots.length; offset += RULE_WIDTH) {
      if (slots[offset] !== 0) starts[bucketOf(offset) + 1]!++;
    }
    for (let bucket = 0; bucket < buckets; bucket++) starts[bucket + 1]! += starts[bucket]!;
    for (let offset = 0; offset < slots.length; offset += RULE_WIDTH) {
      if (slots[offset] !== 0) this.#put(starts[bucketOf(offset)]!++, offset);
    }
    for (let rank = 1; rank < this.#size; rank++) if (this.#isHigher(rank, rank - 1)) this.#raise(rank);
  }

  #put(rank: number, offset: number): void {
    const slots = this.#slots;
    this.#offsets[rank] = offset;
    this.#itemsets[rank] = slots[offset]! - 1;
    this.#unions[rank] = slots[offset + PUBLISHED_UNION]!;
    this.#freqs[rank] = slots[offset + PUBLISHED_FREQ]!;
  }

  /** Moves a rule to where it belongs among those before it, which are in order. */
  #raise(rank: number): void {
    const offset = this.#offsets[rank]!;
    let low = 0;
    let high = rank;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isHigher(rank, middle)) high = middle;
      else low = middle + 1;
    }
    for (const column of [this.#offsets, this.#itemsets, this.#unions, this.#freqs]) {
      column.copyWithin(low + 1, low, rank);
    }
    this.#put(low, offset);
  }

  /** Whether one rank has a higher confidence than another. */
  #isHigher(one: number, other: number): boolean {
    return this.#unions[one]! * this.#freqs[other]! > this.#unions[other]! * this.#freqs[one]!;
  }

  #findLasts(): void {
    const { numerator, denominator } = this.#window;
    const unions = this.#unions;
    const freqs = this.#freqs;
    let last = 0;
    for (let rank = 0; rank < this.#size; rank++) {
      // u/f ≥ the confidence of `rank` − window, multiplied out
      const scale = freqs[rank]! * denominator;
      const bound = unions[rank]! * denominator - numerator * freqs[rank]!;
      while (last + 1 < this.#size && unions[last + 1]! * scale >= bound * freqs[last + 1]!) last++;
      this.#lasts[rank] = last;
    }
  }

  /** Writes down every itemset's rank. */
  #index(): void {
    let last = -1;
    for (let rank = 0; rank < this.#size; rank++) last = Math.max(last, this.#itemsets[rank]!);
    const isFew = this.#size < NO_RANK_OF_FEW;
    this.#noRank = isFew ? NO_RANK_OF_FEW : NO_RANK_OF_MANY;
    const known = isFew ? this.#rankOfFew : this.#rankOfMany;
    if (last >= known.length) {
      const size = Math.ceil(last * 1.25) + 1;
      if (isFew) this.#rankOfFew = new Uint16Array(size).fill(NO_RANK_OF_FEW);
      else this.#rankOfMany = new Int32Array(size).fill(NO_RANK_OF_MANY);
    }
    this.#rankOf = isFew ? this.#rankOfFew : this.#rankOfMany;
    for (let rank = 0; rank < this.#size; rank++) this.#rankOf[this.#itemsets[rank]!] = rank;
  }

  #grow(size: number): void {
    this.#offsets = largerIntegers(this.#offsets, size);
    this.#itemsets = largerIntegers(this.#itemsets, size);
    this.#unions = largerIntegers(this.#unions, size);
    this.#freqs = largerIntegers(this.#freqs, size);
    this.#lasts = largerIntegers(this.#lasts, size);
    this.#floors = largerBytes(this.#floors, size).fill(FLOOR_MAX, this.#floors.length);
    this.#leads = largerBytes(this.#leads, size);
  }
}

/** As many as there are rules, or more. */
function bucketsFor(rules: number): number {
  return 2 ** Math.max(8, 32 - Math.clz32(rules));
}
