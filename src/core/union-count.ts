/**
 * freqUnion counted on demand: how many teaching holders of an entitlement have all items of an itemset.
 * Needed only for pairs (S, e) that have no counter because they were below support.
 */
import type { Company } from "./company.ts";
import type { Itemsets } from "./itemsets.ts";
import { COUNTED_TEACHER } from "./pairs.ts";
import { ROW_MAP_WIDTH } from "./row-map.ts";
import type { Uncounted } from "./uncounted.ts";

/** Up to this many members a holder, walking the members of the itemset is cheaper than walking the holders. */
const MEMBERS_A_HOLDER = 6;

export class UnionCount {
  readonly #company: Company;
  readonly #itemsets: Itemsets;
  readonly #uncounted: Uncounted;
  #bitOfItem: Int32Array = new Int32Array(64);
  #rows: Int32Array = new Int32Array(64);
  /** By row: what `#commonItems` gave. */
  readonly #common: Map<number, Int32Array> = new Map();

  constructor(company: Company, itemsets: Itemsets, uncounted: Uncounted) {
    this.#company = company;
    this.#itemsets = itemsets;
    this.#uncounted = uncounted;
  }

  /** `row`: a pair of the entitlement and a user who has all items of the itemset. Until `end` nothing else changes. */
  count(row: number, itemset: number): number {
    const { pairs } = this.#company;
    const entitlement = pairs.entitlementOf(row);
    const holders = pairs.rowsOf(entitlement).size;
    const members = this.#itemsets.freq(itemset);
    if (members <= MEMBERS_A_HOLDER * holders) return this.#countMembers(entitlement, itemset);
    const items = this.#itemsOf(pairs.userOf(row));
    let wanted = 0;
    for (const item of this.#itemsets.itemsOf(itemset)) wanted |= 1 << items.indexOf(item);
    let common = this.#common.get(row);
    if (common === undefined) this.#common.set(row, (common = this.#commonItems(entitlement, pairs.userOf(row))));
    let count = 0;
    for (const mask of common) if ((mask & wanted) === wanted) count++;
    return count;
  }

  /** The counting of a step ends. */
  end(): void {
    this.#common.clear();
  }

  /** With which the user is counted; always in the same order. */
  #itemsOf(user: number): number[] {
    return this.#uncounted.hasUser(user)
      ? this.#itemsets.singleItemsOf(user)
      : this.#company.identities.featuresOf(user);
  }

  /** For each teaching holder, a bit for every item of the user (in their order) that the holder has, too. */
  #commonItems(entitlement: number, user: number): Int32Array {
    const { identities, pairs, items } = this.#company;
    if (this.#bitOfItem.length < items.size) this.#bitOfItem = new Int32Array(items.size * 2);
    const bitOfItem = this.#bitOfItem;
    const own = this.#itemsOf(user);
    for (const [i, item] of own.entries()) bitOfItem[item] = 1 << i;
    const { pool, start, length } = identities.attributes;
    const { slots, size } = pairs.rowsOf(entitlement);
    const masks = new Int32Array(size);
    let found = 0;
    for (let slot = 0; slot < slots.length; slot += ROW_MAP_WIDTH) {
      if (slots[slot] === 0 || (pairs.countedOf(slots[slot + 1]!) & COUNTED_TEACHER) === 0) continue;
      const holder = slots[slot]! - 1;
      let mask = 0;
      if (this.#uncounted.hasUser(holder)) for (const item of this.#itemsOf(holder)) mask |= bitOfItem[item]!;
      else {
        const end = start[holder]! + length[holder]!;
        for (let at = start[holder]!; at < end; at++) mask |= bitOfItem[pool[at]!]!;
      }
      masks[found++] = mask;
    }
    for (const item of own) bitOfItem[item] = 0;
    return masks.subarray(0, found);
  }

  #countMembers(entitlement: number, itemset: number): number {
    const { pairs } = this.#company;
    const { members } = this.#itemsets;
    const count = members.count(itemset);
    if (count === 0) return 0;
    if (count > this.#rows.length) this.#rows = new Int32Array(count * 2);
    const from = members.start[itemset]!;
    pairs.rowsOf(entitlement).findAll(members.pool, from, from + count, this.#rows);
    let teachers = 0;
    for (let i = 0; i < count; i++) {
      const row = this.#rows[i]!;
      if (row !== -1 && (pairs.countedOf(row) & COUNTED_TEACHER) !== 0) teachers++;
    }
    return teachers;
  }
}
