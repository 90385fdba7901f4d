/**
 * Batch path: in which order itemsets are numbered. Those of one user are looked up together, so they get numbers close to
 * one another: what is kept by itemset, or in a rule table, then stands in few cache lines. Itemsets with the same rarest
 * item mostly have the same members, and of these the ones with the same last member do.
 */
import type { IntLists } from "./int-lists.ts";
import type { ItemsetNodes } from "./itemset-nodes.ts";
import { ROOT } from "./itemset-order.ts";
import { SLICE, type Slices } from "./slices.ts";

export interface Numbering {
  /** Nodes, each at the place of the number that it gets. */
  readonly order: Int32Array;
  /** Rare ones (itemsets.ts) have numbers from here on, in the order in which they were. */
  readonly rareFrom: number;
}

/** Users are below `users`, items below `items`. */
export function* numberTogether(
  nodes: ItemsetNodes,
  members: IntLists,
  users: number,
  items: number,
): Slices<Numbering> {
  const { size } = nodes;
  let rareFrom = 0;
  for (let node = 0; node < size; node++) if (nodes.mayHaveRules(node)) rareFrom++;
  const order = new Int32Array(size);
  for (let node = 0, next = 0, nextRare = rareFrom; node < size; node++) {
    order[nodes.mayHaveRules(node) ? next++ : nextRare++] = node;
  }
  const together = order.subarray(0, rareFrom);
  const lastMembers = together.map((node) => members.at(node, members.count(node) - 1));
  const byMember = yield* sorted(together, lastMembers, users);
  yield;
  order.set(yield* sorted(byMember, rarestItems(byMember, nodes, members, items), items));
  return { order, rareFrom };
}

/** For each of some nodes, all single items among them, the one of its items that fewest users have. */
function rarestItems(
  some: Int32Array,
  { parent, item, depth }: ItemsetNodes,
  members: IntLists,
  items: number,
): Int32Array {
  const having = new Int32Array(items);
  for (const node of some) if (depth[node] === 1) having[item[node]!] = members.count(node);
  return some.map((node) => {
    let rarest = item[node]!;
    for (let at = parent[node]!; at !== ROOT; at = parent[at]!) {
      if (having[item[at]!]! < having[rarest]!) rarest = item[at]!;
    }
    return rarest;
  });
}

/** By their keys, which stand beside the values and are all below `keysMax`; equal ones in the order in which they were. */
function* sorted(values: Int32Array, keys: Int32Array, keysMax: number): Slices<Int32Array> {
  const next = new Int32Array(keysMax + 1);
  for (const key of keys) next[key + 1]!++;
  for (let key = 0; key < keysMax; key++) next[key + 1]! += next[key]!;
  const inOrder = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    if (i % SLICE === 0) yield;
    inOrder[next[keys[i]!]!++] = values[i]!;
  }
  return inOrder;
}
