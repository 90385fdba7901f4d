/**
 * The rules of one entitlement: open addressing over one Int32Array, four integers a slot, one cache line a probe:
 * [itemset + 1, freqUnion with the lead and the floor above it, published freqUnion, published freq]. A rule that was not
 * published has 0, 0.
 * `find` answers with the offset of the slot in `slots`; offsets and `slots` hold until the next insert or delete.
 * To walk all rules, step through `slots` by RULE_WIDTH; an empty slot has 0 where the itemset stands.
 */
import { FLOOR_MAX, floorFor, type PairFloors } from "./floors.ts";
import { sharedIntegers } from "./larger.ts";

const FREQ_UNION = 1;
export const PUBLISHED_UNION = 2;
export const PUBLISHED_FREQ = 3;
export const RULE_WIDTH = 4;

/** freqUnion takes the bits below: no company has more people. */
const LEADS_BIT = 1 << 23;
const FLOOR_SHIFT = 24;
const UNION_MASK = LEADS_BIT - 1;
const BELOW_FLOOR_MASK = (1 << FLOOR_SHIFT) - 1;

/** By slot of a table: the lowest floor that pairs ask for (floors.ts), and whether the rule leads; see `RuleTable`. */
export type RuleNotes = Uint16Array;

const NOTED_LEAD = 1 << 8;
const NOTED_FLOOR = NOTED_LEAD - 1;

/** No pair asks for a floor, and the rule does not lead. */
export const NOTHING_NOTED: number = FLOOR_MAX;

export function ruleNote(floor: number, leads: boolean): number {
  return floor | (leads ? NOTED_LEAD : 0);
}

export class RuleTable {
  slots: Int32Array;
  size = 0;
  /** Another number whenever any rule or its published evidence is another. */
  version = 0;
  #mask: number;

  constructor(expected: number = 1) {
    const capacity = capacityFor(expected);
    this.slots = new Int32Array(capacity * RULE_WIDTH);
    this.#mask = capacity - 1;
  }

  /** An empty table that other threads can read without a copy, for as long as it keeps its size. */
  static shared(expected: number): RuleTable {
    return RuleTable.of(sharedIntegers(capacityFor(expected) * RULE_WIDTH), 0);
  }

  /** A table of these slots, which are those of another one with so many rules. */
  static of(slots: Int32Array, rules: number): RuleTable {
    const table = new RuleTable(0);
    table.slots = slots;
    table.size = rules;
    table.#mask = slots.length / RULE_WIDTH - 1;
    return table;
  }

  /** Offset of the rule of this itemset, or -1. */
  find(itemset: number): number {
    const slots = this.slots;
    const mask = this.#mask;
    const key = itemset + 1;
    let slot = home(itemset) & mask;
    for (let found = this.firstPlace(itemset); found !== key; found = slots[slot * RULE_WIDTH]!) {
      if (found === 0) return -1;
      slot = (slot + 1) & mask;
    }
    return slot * RULE_WIDTH;
  }

  /** What stands where an itemset is looked for first; 0: it has no rule. */
  firstPlace(itemset: number): number {
    return this.slots[(home(itemset) & this.#mask) * RULE_WIDTH]!;
  }

  /** For every itemset the offset of its rule, or -1, into `offsets`. */
  findEach(itemsets: Int32Array, offsets: Int32Array): void {
    const isAny = this.#isAny(itemsets, 0, itemsets.length);
    for (let i = 0; i < itemsets.length; i++) offsets[i] = isAny ? this.find(itemsets[i]!) : -1;
  }

  /**
   * Offsets of the rules of itemsets `pool[from … end)` that are there, in their order, into `offsets`; how many there are.
   */
  findAll(pool: Int32Array, from: number, end: number, offsets: Int32Array): number {
    let count = 0;
    if (!this.#isAny(pool, from, end)) return count;
    for (let at = from; at < end; at++) {
      const offset = this.find(pool[at]!);
      if (offset !== -1) offsets[count++] = offset;
    }
    return count;
  }

  /**
   * false: no itemset has a rule. Reads all first places and does nothing else meanwhile, so that the reads wait for memory
   * together; to look for the rules takes no such time then.
   */
  #isAny(pool: Int32Array, from: number, end: number): boolean {
    let all = 0;
    let at = from;
    for (; at + 3 < end; at += 4) {
      all |= this.firstPlace(pool[at]!) | this.firstPlace(pool[at + 1]!);
      all |= this.firstPlace(pool[at + 2]!) | this.firstPlace(pool[at + 3]!);
    }
    for (; at < end; at++) all |= this.firstPlace(pool[at]!);
    return all !== 0;
  }

  /** Adds an itemset that is not there; it has no published evidence. Its offset. */
  insert(itemset: number, freqUnion: number): number {
    if ((this.size + 1) * 4 > (this.#mask + 1) * 3) this.#resize((this.#mask + 1) * 2);
    this.size++;
    this.version++;
    const offset = this.#place(itemset);
    this.slots[offset + FREQ_UNION] = freqUnion;
    return offset;
  }

  /** As `insert`, with published evidence and the highest floor. */
  insertTold(itemset: number, freqUnion: number, toldUnion: number, toldFreq: number): void {
    const offset = this.insert(itemset, freqUnion | (FLOOR_MAX << FLOOR_SHIFT));
    this.publish(offset, toldUnion, toldFreq);
  }

  /** Replaces the published evidence of a rule. */
  publish(offset: number, freqUnion: number, freq: number): void {
    this.version++;
    this.slots[offset + PUBLISHED_UNION] = freqUnion;
    this.slots[offset + PUBLISHED_FREQ] = freq;
  }

  delete(itemset: number): void {
    const offset = this.find(itemset);
    if (offset === -1) return;
    const { slots } = this;
    const mask = this.#mask;
    let hole = offset / RULE_WIDTH;
    for (let slot = (hole + 1) & mask; slots[slot * RULE_WIDTH] !== 0; slot = (slot + 1) & mask) {
      const wanted = home(slots[slot * RULE_WIDTH]! - 1) & mask;
      if (((slot - wanted) & mask) < ((slot - hole) & mask)) continue;
      slots.copyWithin(hole * RULE_WIDTH, slot * RULE_WIDTH, (slot + 1) * RULE_WIDTH);
      hole = slot;
    }
    slots.fill(0, hole * RULE_WIDTH, (hole + 1) * RULE_WIDTH);
    this.size--;
    this.version++;
    if (mask > 7 && this.size * 8 < mask) this.#resize((mask + 1) / 2);
  }

  /** Drops all rules. */
  clear(): void {
    this.slots.fill(0);
    this.#resize(capacityFor(1));
    this.size = 0;
    this.version++;
  }

  freqUnionAt(offset: number): number {
    return this.slots[offset + FREQ_UNION]! & UNION_MASK;
  }

  /** The sum stays within what a count of people can be. */
  addToFreqUnion(offset: number, difference: number): void {
    this.slots[offset + FREQ_UNION]! += difference;
  }

  /** See floors.ts; 0 promises nothing. */
  floorAt(offset: number): number {
    return this.slots[offset + FREQ_UNION]! >>> FLOOR_SHIFT;
  }

  setFloor(offset: number, floor: number): void {
    this.slots[offset + FREQ_UNION] = (this.slots[offset + FREQ_UNION]! & BELOW_FLOOR_MASK) | (floor << FLOOR_SHIFT);
  }

  /** false: of no pair that consumers were told of is the rule the choice, nor did it have the best confidence. */
  leadsAt(offset: number): boolean {
    return (this.slots[offset + FREQ_UNION]! & LEADS_BIT) !== 0;
  }

  setLeads(offset: number, leads: boolean): void {
    const other = this.slots[offset + FREQ_UNION]! & ~LEADS_BIT;
    this.slots[offset + FREQ_UNION] = leads ? other | LEADS_BIT : other;
  }

  /** No floor of these rules stays above what a pair asks of it. */
  lowerFloors(offsets: Int32Array, count: number, asked: PairFloors): void {
    for (let i = 0; i < count; i++) {
      const offset = offsets[i]!;
      this.#lowerFloor(offset, floorFor(asked, this.slots[offset + PUBLISHED_UNION]!));
    }
  }

  /** Notes of the rules that are there, by slot. */
  take(notes: RuleNotes): void {
    for (let slot = 0; slot < notes.length; slot++) {
      const note = notes[slot]!;
      if (note === NOTHING_NOTED) continue;
      const offset = slot * RULE_WIDTH;
      this.#lowerFloor(offset, note & NOTED_FLOOR);
      if ((note & NOTED_LEAD) !== 0) this.setLeads(offset, true);
    }
  }

  /** Itemsets of all rules, in no particular order. */
  *itemsets(): Generator<number> {
    for (let offset = 0; offset < this.slots.length; offset += RULE_WIDTH) {
      if (this.slots[offset] !== 0) yield this.slots[offset]! - 1;
    }
  }

  #lowerFloor(offset: number, floor: number): void {
    if (this.floorAt(offset) > floor) this.setFloor(offset, floor);
  }

  #place(itemset: number): number {
    let slot = home(itemset) & this.#mask;
    while (this.slots[slot * RULE_WIDTH] !== 0) slot = (slot + 1) & this.#mask;
    this.slots[slot * RULE_WIDTH] = itemset + 1;
    return slot * RULE_WIDTH;
  }

  #resize(capacity: number): void {
    const old = this.slots;
    this.slots = new Int32Array(capacity * RULE_WIDTH);
    this.#mask = capacity - 1;
    for (let offset = 0; offset < old.length; offset += RULE_WIDTH) {
      if (old[offset] === 0) continue;
      const to = this.#place(old[offset]! - 1);
      for (let i = 1; i < RULE_WIDTH; i++) this.slots[to + i] = old[offset + i]!;
    }
  }
}

/**
 * Reads the first places of an itemset in the tables of `entitlements[from … end)`, before any of them is looked at or
 * filled, and does nothing else meanwhile, so that the reads wait for memory together. All of them, or-ed.
 */
export function firstPlaces(
  itemset: number,
  tables: readonly RuleTable[],
  entitlements: ArrayLike<number>,
  from: number,
  end: number,
): number {
  let all = 0;
  let at = from;
  for (; at + 3 < end; at += 4) {
    all |= tables[entitlements[at]!]!.firstPlace(itemset) | tables[entitlements[at + 1]!]!.firstPlace(itemset);
    all |= tables[entitlements[at + 2]!]!.firstPlace(itemset) | tables[entitlements[at + 3]!]!.firstPlace(itemset);
  }
  for (; at < end; at++) all |= tables[entitlements[at]!]!.firstPlace(itemset);
  return all;
}

/**
 * Four itemsets whose numbers follow one another stand side by side: those of one user often do (itemset-numbers.ts). As
 * glibc puts a large array 16 bytes behind the beginning of a page, lines of the cache begin at every fourth slot plus 3.
 */
function home(itemset: number): number {
  return ((Math.imul(itemset >>> 2, 0x9e3779b1) >>> 7) << 2) + (itemset & 3) + 3;
}

function capacityFor(expected: number): number {
  let capacity = 4;
  while (expected * 4 > capacity * 3) capacity *= 2;
  return capacity;
}
