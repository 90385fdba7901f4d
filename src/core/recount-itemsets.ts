/**
 * Itemsets for the oracle. Items are numbered in their order by (attribute, value) in code points, so that comparing
 * numbers compares items; an itemset is the ascending list of its items' numbers and has a number of its own.
 */
import type { Item } from "../events/delta.ts";

export function compareCodePoints(left: string, right: string): number {
  const a = [...left];
  const b = [...right];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = a[i]!.codePointAt(0)! - b[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function compareItems(left: Item, right: Item): number {
  return compareCodePoints(left.attribute, right.attribute) || compareCodePoints(left.value, right.value);
}

const ROOT = -1;

export class Itemsets {
  readonly #items: Item[] = [];
  readonly #itemNumbers = new Map<string, number>();
  readonly #sets: (readonly number[])[] = [];
  readonly #children = new Map<number, number>();

  /** Knows the items given and no others. */
  constructor(items: Iterable<Item>) {
    const distinct = new Map<string, Item>();
    for (const item of items) distinct.set(itemKey(item), item);
    this.#items = [...distinct.values()].sort(compareItems);
    this.#items.forEach((item, number) => this.#itemNumbers.set(itemKey(item), number));
  }

  /** How many itemsets have a number; the numbers are 0 to size − 1. */
  get size(): number {
    return this.#sets.length;
  }

  /** The item numbers of an itemset, ascending. */
  members(itemset: number): readonly number[] {
    return this.#sets[itemset]!;
  }

  items(itemset: number): readonly Item[] {
    return this.members(itemset).map((number) => this.#items[number]!);
  }

  /** The number of the itemset of exactly these items. */
  numberOf(items: readonly Item[]): number {
    return this.#sorted(items).reduce((parent, item) => this.#child(parent, item), ROOT);
  }

  /** The numbers of all itemsets of 1 to `lengthMax` of these items. */
  subsets(items: readonly Item[], lengthMax: number): number[] {
    const sorted = this.#sorted(items);
    const found: number[] = [];
    const extend = (parent: number, from: number, length: number): void => {
      for (let i = from; i < sorted.length; i++) {
        const itemset = this.#child(parent, sorted[i]!);
        found.push(itemset);
        if (length + 1 < lengthMax) extend(itemset, i + 1, length + 1);
      }
    };
    extend(ROOT, 0, 0);
    return found;
  }

  #sorted(items: readonly Item[]): number[] {
    return items.map((item) => this.#itemNumbers.get(itemKey(item))!).sort((a, b) => a - b);
  }

  #child(parent: number, item: number): number {
    const key = (parent + 1) * this.#items.length + item;
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    const itemset = this.#sets.length;
    this.#sets.push(parent === ROOT ? [item] : [...this.members(parent), item]);
    this.#children.set(key, itemset);
    return itemset;
  }
}

function itemKey(item: Item): string {
  return `${item.attribute}\u0000${item.value}`;
}
