/**
 * Items: (attribute, value) pairs with dense ids, and their order: attribute, then value, by code point.
 * Values of attributes that are no features are interned too: they are kept, but give nothing to count.
 */
import type { Item } from "../events/delta.ts";
import { Interner } from "./interner.ts";
import { compareCodePoints } from "./text-order.ts";

export class Items {
  readonly #features: ReadonlySet<string> | null;
  readonly #attributes: Interner = new Interner();
  /** Place of each attribute among all attributes, in code point order. */
  #attributeRank: number[] = [];
  readonly #attributeIsFeature: boolean[] = [];
  /** By attribute id: value → item id. */
  readonly #byValue: Map<string, number>[] = [];
  readonly #attributeOf: number[] = [];
  readonly #valueOf: string[] = [];
  readonly #described: Item[] = [];

  /** `features` null: every attribute is a feature. */
  constructor(features: readonly string[] | null) {
    this.#features = features === null ? null : new Set(features);
  }

  get size(): number {
    return this.#valueOf.length;
  }

  intern(attribute: string, value: string): number {
    const attributeId = this.#internAttribute(attribute);
    const values = this.#byValue[attributeId]!;
    const known = values.get(value);
    if (known !== undefined) return known;
    const id = this.#valueOf.length;
    values.set(value, id);
    this.#attributeOf.push(attributeId);
    this.#valueOf.push(value);
    this.#described.push({ attribute, value });
    return id;
  }

  isFeature(item: number): boolean {
    return this.#attributeIsFeature[this.#attributeOf[item]!]!;
  }

  attributeOf(item: number): string {
    return this.#attributes.textOf(this.#attributeOf[item]!);
  }

  valueOf(item: number): string {
    return this.#valueOf[item]!;
  }

  describe(item: number): Item {
    return this.#described[item]!;
  }

  /** Negative: a comes first. Never depends on when an item was first seen. */
  compare(a: number, b: number): number {
    if (a === b) return 0;
    const x = this.#attributeOf[a]!;
    const y = this.#attributeOf[b]!;
    if (x !== y) return this.#attributeRank[x]! - this.#attributeRank[y]!;
    return compareCodePoints(this.#valueOf[a]!, this.#valueOf[b]!);
  }

  /** By item: its place in the order of those that are features; only these are in itemsets. */
  featureRanks(): Int32Array {
    const items = Int32Array.from({ length: this.size }, (_, item) => item);
    const inOrder = items.filter((item) => this.isFeature(item)).sort((a, b) => this.compare(a, b));
    const ranks = new Int32Array(this.size);
    for (const [rank, item] of inOrder.entries()) ranks[item] = rank;
    return ranks;
  }

  #internAttribute(attribute: string): number {
    const known = this.#attributes.find(attribute);
    if (known >= 0) return known;
    const id = this.#attributes.intern(attribute);
    this.#byValue.push(new Map());
    this.#attributeIsFeature.push(this.#features === null || this.#features.has(attribute));
    const inOrder = Array.from({ length: this.#attributes.size }, (_, i) => i);
    inOrder.sort((p, q) => compareCodePoints(this.#attributes.textOf(p), this.#attributes.textOf(q)));
    this.#attributeRank = new Array<number>(inOrder.length);
    for (const [rank, each] of inOrder.entries()) this.#attributeRank[each] = rank;
    return id;
  }
}
