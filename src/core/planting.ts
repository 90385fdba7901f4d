/**
 * Batch path: grows the whole tree of itemsets (itemsets.ts) from nothing by refining groups of users, item by item.
 */
import { combinations } from "./combinations.ts";
import type { Implications } from "./implications.ts";
import type { IntLists } from "./int-lists.ts";
import type { ItemsetNodes } from "./itemset-nodes.ts";
import { numberTogether } from "./itemset-numbers.ts";
import { ROOT } from "./itemset-order.ts";
import { type Group, Refinement, type Split } from "./refinement.ts";
import { SLICE, type Slices } from "./slices.ts";

/** What the tree consists of, as in `Itemsets`. */
interface Tree {
  readonly nodes: ItemsetNodes;
  readonly members: IntLists;
  readonly sets: IntLists;
  readonly rare: IntLists;
  readonly implications: Implications;
}

/** Itemsets of fewer items have so many members that what grows below them is planted in slices. */
const SLICED_DEPTH = 2;

interface People {
  /** Their numbers are below this. */
  readonly users: number;
  /** By user: its feature items, in item order. Items are below `itemsMax`. */
  readonly items: IntLists;
  readonly itemsMax: number;
  readonly lengthMax: number;
  readonly supportFloor: number;
}

export class Planting {
  readonly #tree: Tree;
  readonly #people: People;
  readonly #refinement: Refinement;
  /** Memberships that were made in this slice. */
  #done = 0;

  /** The tree is empty, but that its implications were learned. */
  constructor(tree: Tree, people: People) {
    this.#tree = tree;
    this.#people = people;
    this.#refinement = new Refinement(people.users, people.items, people.itemsMax, people.lengthMax);
  }

  /** Returns from which number on itemsets are rare. */
  *grow(): Slices<number> {
    const { nodes, members, sets, rare } = this.#tree;
    const { users, items, itemsMax, lengthMax } = this.#people;
    const everyone: Group = { users: new Int32Array(users), next: new Int32Array(users) };
    let count = 0;
    let memberships = 0;
    for (let user = 0; user < users; user++) {
      if (items.count(user) === 0) continue;
      memberships += combinations(items.count(user), lengthMax);
      everyone.users[count] = user;
      everyone.next[count++] = this.#refinement.itemsOf(user);
    }
    sets.reserve(users);
    rare.reserve(users);
    members.reservePool(memberships * 2);
    yield* this.#refineInSlices(ROOT, everyone, 0, count);
    const { order, rareFrom } = yield* numberTogether(nodes, members, users, itemsMax);
    nodes.renumber(order);
    yield;
    members.renumber(order);
    yield* nodes.indexAll();
    yield* sets.invert(members, 0, rareFrom, users);
    yield* rare.invert(members, rareFrom, nodes.size, users);
    return rareFrom;
  }

  /** As `#refine`, resting between the itemsets of few items. */
  *#refineInSlices(node: number, group: Group, from: number, end: number): Slices<void> {
    const depth = node === ROOT ? 0 : this.#tree.nodes.depth[node]!;
    if (depth === SLICED_DEPTH || depth === this.#people.lengthMax) return this.#refine(node, depth, group, from, end);
    const below = this.#split(node, depth, group, from, end);
    for (let part = 0, first = 0; part < below.parts; first += below.sizes[part++]!) {
      const child = this.#plant(node, below, part, first);
      if (child !== -1) yield* this.#refineInSlices(child, below, first, first + below.sizes[part]!);
      if (this.#done < SLICE) continue;
      this.#done = 0;
      yield;
    }
  }

  /** Plants all that grows below a node, whose members stand at `from … end` of the group. */
  #refine(node: number, depth: number, group: Group, from: number, end: number): void {
    if (depth === this.#people.lengthMax) return;
    const below = this.#split(node, depth, group, from, end);
    for (let part = 0, first = 0; part < below.parts; first += below.sizes[part++]!) {
      const child = this.#plant(node, below, part, first);
      if (child !== -1) this.#refine(child, depth + 1, below, first, first + below.sizes[part]!);
    }
  }

  #split(node: number, depth: number, group: Group, from: number, end: number): Split {
    const { nodes, implications } = this.#tree;
    this.#done += end - from;
    return this.#refinement.split(group, from, end, depth, (item) => !implications.isRedundant(nodes, node, item));
  }

  /** The new node of a part; -1: nothing grows below it. */
  #plant(above: number, { users, items, sizes }: Split, part: number, first: number): number {
    const { nodes, members } = this.#tree;
    const node = nodes.append(above, items[part]!);
    const size = sizes[part]!;
    members.assign(node, users.subarray(first, first + size));
    if (size < this.#people.supportFloor) return -1;
    nodes.expanded[node] = 1;
    return node;
  }
}
