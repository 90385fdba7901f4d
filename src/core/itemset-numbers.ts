/**
 * Batch path: in which order itemsets are numbered. Those of one user are looked up together, so they get numbers close to
 * one another: what is kept by itemset, or in a rule table, then stands in few cache lines. Itemsets with the same rarest
 * item mostly have the same members, and of these the ones with the same last member do.
 */
import type { IntLists } from "./int-lists.ts";
import { type ItemsetColumns, ROOT } from "./itemset-order.ts";
import { SLICE, type Slices } from "./slices.ts";

export interface Numbering {
  /** Nodes, each at the place of the number that it gets. */
  readonly order: Int32Array;
  /** Expanded nodes (itemsets.ts) and single items have numbers below this. */
  readonly mattering: number;
}

/** Where nodes stand: may have rules; may not, but its user is known by it; may not. */
const EXPANDED = 0;
const SINGLE = 1;
const RARE = 2;

interface Nodes extends ItemsetColumns {
  readonly size: number;
  readonly expanded: Uint8Array;
}

/** Users are below `users`, items below `items`. */
export function* numberTogether(nodes: Nodes, members: IntLists, users: number, items: number): Slices<Numbering> {
  const { size, depth, expanded } = nodes;
  const lastMembers = new Int32Array(size);
  const places = new Uint8Array(size);
  let mattering = 0;
  for (let node = 0; node < size; node++) {
    lastMembers[node] = members.at(node, members.count(node) - 1);
    places[node] = expanded[node] === 1 ? EXPANDED : depth[node] === 1 ? SINGLE : RARE;
    if (places[node] !== RARE) mattering++;
  }
  let order: Int32Array = Int32Array.from({ length: size }, (_, node) => node);
  order = yield* sorted(order, lastMembers, users);
  order = yield* sorted(order, rarestItems(nodes, members, items), items);
  order = yield* sorted(order, places, RARE + 1);
  return { order, mattering };
}

/** By node: the one of its items that fewest users have. */
function rarestItems({ size, parent, item, depth }: Nodes, members: IntLists, items: number): Int32Array {
  const having = new Int32Array(items);
  for (let node = 0; node < size; node++) if (depth[node] === 1) having[item[node]!] = members.count(node);
  const rarest = item.slice(0, size);
  for (let node = 0; node < size; node++) {
    for (let at = parent[node]!; at !== ROOT; at = parent[at]!) {
      if (having[item[at]!]! < having[rarest[node]!]!) rarest[node] = item[at]!;
    }
  }
  return rarest;
}

/** Nodes by their keys, all below `keysMax`; those with the same key in the order in which they were. */
function* sorted(nodes: Int32Array, keys: ArrayLike<number>, keysMax: number): Slices<Int32Array> {
  yield;
  const next = new Int32Array(keysMax + 1);
  for (let node = 0; node < nodes.length; node++) next[keys[node]! + 1]!++;
  for (let key = 0; key < keysMax; key++) next[key + 1]! += next[key]!;
  const order = new Int32Array(nodes.length);
  for (let i = 0; i < nodes.length; i++) {
    if (i % SLICE === 0) yield;
    const node = nodes[i]!;
    order[next[keys[node]!]!++] = node;
  }
  return order;
}
