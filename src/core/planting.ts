/**
 * Batch path: grows the whole tree of itemsets (itemsets.ts) from nothing by refining groups of users, item by item.
 */
import { combinations } from "./combinations.ts";
import type { Implications } from "./implications.ts";
import type { IntLists } from "./int-lists.ts";
import type { ItemsetNodes } from "./itemset-nodes.ts";
import { ROOT } from "./itemset-order.ts";
import { type Group, Refinement } from "./refinement.ts";

/** What the tree consists of, as in `Itemsets`. */
interface Tree {
  readonly nodes: ItemsetNodes;
  readonly members: IntLists;
  readonly sets: IntLists;
  readonly implications: Implications;
}

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

  /** The tree is empty, but that its implications were learned. */
  constructor(tree: Tree, people: People) {
    this.#tree = tree;
    this.#people = people;
    this.#refinement = new Refinement(people.users, people.items, people.itemsMax, people.lengthMax);
  }

  grow(): void {
    const { nodes, members, sets } = this.#tree;
    const { users, items, lengthMax } = this.#people;
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
    members.reservePool(memberships * 2);
    this.#refine(ROOT, everyone, 0, count);
    this.#refinement.small.forEach((above, item, few) => this.#create(above, item, few));
    nodes.indexAll();
    // Nodes are created parent before child, so in lists of ascending ids every parent comes before its children.
    sets.invert(members, nodes.size, users);
  }

  /**
   * The members of `node` stand at `from … end` of the group. Nodes below support, of which there are more than of others,
   * come last: what is kept by itemset of those with rules then stands close together.
   */
  #refine(node: number, group: Group, from: number, end: number): void {
    const { nodes, implications } = this.#tree;
    const { lengthMax, supportFloor } = this.#people;
    const depth = node === ROOT ? 0 : nodes.depth[node]!;
    if (depth === lengthMax) return;
    const isKept = (item: number): boolean => !implications.isRedundant(nodes, node, item);
    const parts = this.#refinement.split(group, from, end, depth, isKept);
    const below = this.#refinement.groups[depth]!;
    let first = 0;
    for (const { item, size } of parts) {
      if (size < supportFloor) this.#refinement.small.add(node, item, below.users, first, size);
      else {
        const child = this.#create(node, item, below.users.subarray(first, first + size));
        nodes.expanded[child] = 1;
        this.#refine(child, below, first, first + size);
      }
      first += size;
    }
  }

  #create(above: number, item: number, members: Int32Array): number {
    const node = this.#tree.nodes.append(above, item);
    this.#tree.members.assign(node, members);
    return node;
  }
}
