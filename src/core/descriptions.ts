/**
 * Rules as consumers read them. The same rule is told again and again, so its description is kept and given out as one
 * object: who writes it down can recognise it.
 */
import type { Item } from "../events/delta.ts";
import type { Items } from "./items.ts";
import type { Itemsets } from "./itemsets.ts";

/** Descriptions kept; then all are made anew. */
const KEPT_MAX = 50_000;

export class Descriptions {
  readonly #items: Items;
  readonly #itemsets: Itemsets;
  readonly #kept: Map<number, readonly Item[]> = new Map();

  constructor(items: Items, itemsets: Itemsets) {
    this.#items = items;
    this.#itemsets = itemsets;
  }

  /** Items of an itemset in item order; none for -1. */
  of(itemset: number): readonly Item[] {
    const known = this.#kept.get(itemset);
    if (known !== undefined) return known;
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
    const items = itemset === -1 ? [] : this.#itemsets.itemsOf(itemset).map((item) => this.#items.describe(item));
    this.#kept.set(itemset, items);
    return items;
  }

  /** An itemset, then the redundant ones that it stands for (implications.ts). */
  *withRedundant(itemset: number): Generator<readonly Item[]> {
    yield this.of(itemset);
    for (const items of this.#itemsets.redundantWith(itemset)) yield items.map((item) => this.#items.describe(item));
  }

  /** The id is about to be used for another itemset. */
  forget(itemset: number): void {
    this.#kept.delete(itemset);
  }
}
