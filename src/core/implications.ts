/**
 * Items that imply others: everybody who has item x has item y, too, as a cost centre implies its department. An itemset
 * with both then has the members of the one without y. It would have the same rules, and at a tie the one of fewer items
 * is chosen: so it is left out as redundant, until somebody has x without y.
 *
 * Implications are learned by the batch path. Between batches they end, and none begins.
 */
import type { IntLists } from "./int-lists.ts";
import { type ItemsetColumns, ROOT } from "./itemset-order.ts";
import type { ImplicationRow } from "./rows.ts";
import { PEOPLE_A_SLICE, type Slices } from "./slices.ts";

export class Implications {
  /** By item. */
  #implied: (readonly number[] | undefined)[] = [];

  /** Batch path: `items` gives the items of every user; `mayImply` says which implications are wanted. */
  *learn(users: number, items: IntLists, mayImply: (item: number, implied: number) => boolean): Slices<void> {
    this.#implied = [];
    for (let user = 0; user < users; user++) {
      this.#learnFrom(items.toArray(user));
      if (user % PEOPLE_A_SLICE === 0) yield;
    }
    for (const [item, others] of this.#implied.entries()) {
      if (others !== undefined) this.#implied[item] = others.filter((other) => mayImply(item, other));
    }
  }

  /** Replaces all of them. */
  take(rows: Iterable<ImplicationRow>): void {
    const implied: number[][] = [];
    for (const [item, other] of rows) (implied[item] ??= []).push(other);
    this.#implied = implied;
  }

  has(item: number, implied: number): boolean {
    return this.#impliedBy(item).includes(implied);
  }

  *[Symbol.iterator](): Generator<ImplicationRow> {
    for (const [item, others] of this.#implied.entries()) for (const implied of others ?? []) yield [item, implied];
  }

  /** Whether one of two items implies the other. */
  areLinked(one: number, other: number): boolean {
    return this.has(one, other) || this.has(other, one);
  }

  /** Whether a node and one more item are a redundant itemset. */
  isRedundant({ parent, item }: ItemsetColumns, node: number, added: number): boolean {
    for (let at = node; at !== ROOT; at = parent[at]!) if (this.areLinked(item[at]!, added)) return true;
    return false;
  }

  /** Implications that somebody with these items contradicts. */
  contradictedBy(items: readonly number[]): ImplicationRow[] {
    return items.flatMap((item) =>
      this.#impliedBy(item)
        .filter((implied) => !items.includes(implied))
        .map((implied): ImplicationRow => [item, implied]),
    );
  }

  end(item: number, implied: number): void {
    this.#implied[item] = this.#impliedBy(item).filter((other) => other !== implied);
  }

  /** The redundant itemsets with the members of one that is not: it and some items that it implies. */
  redundantWith(items: readonly number[], lengthMax: number): number[][] {
    const all = new Set(items);
    for (const item of all) for (const implied of this.#impliedBy(item)) all.add(implied);
    return subsets([...all].slice(items.length), lengthMax - items.length)
      .map((added) => [...items, ...added])
      .filter((whole) => sameItems(this.#reduced(whole), items));
  }

  /** The itemset without items that others of it imply, always the same one for the same items in any order. */
  #reduced(items: readonly number[]): readonly number[] {
    const largestFirst = items.toSorted((a, b) => b - a);
    const superfluous = largestFirst.find((item) => items.some((other) => this.#impliedBy(other).includes(item)));
    return superfluous === undefined ? items : this.#reduced(items.filter((item) => item !== superfluous));
  }

  #learnFrom(own: readonly number[]): void {
    for (const item of own) {
      const others = this.#implied[item] ?? own.filter((other) => other !== item);
      this.#implied[item] = others.every((other) => own.includes(other))
        ? others
        : others.filter((other) => own.includes(other));
    }
  }

  #impliedBy(item: number): readonly number[] {
    return this.#implied[item] ?? NONE;
  }
}

const NONE: readonly number[] = [];

/** Of one item or more. */
function subsets(items: readonly number[], sizeMax: number): number[][] {
  let all: number[][] = [[]];
  for (const item of items)
    all = all.concat(all.filter(({ length }) => length < sizeMax).map((some) => [...some, item]));
  return all.slice(1);
}

function sameItems(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((item) => other.includes(item));
}
