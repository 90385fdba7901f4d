/**
 * The nodes of a prefix tree of itemsets: a node is its parent plus one more item, later in item order. Ids are dense;
 * those given back are used again.
 */
import { ChildIndex, type ChildIndexState } from "./child-index.ts";
import { type ItemsetColumns, ROOT } from "./itemset-order.ts";
import { largerBytes, largerIntegers } from "./larger.ts";
import { SLICE, type Slices } from "./slices.ts";

const FEWEST = 64;
const INDEXED_TOGETHER = 64;
/** After a batch there is so much room besides, by powers of two. */
const ROOM_SHIFT = 4;

/** All that the nodes of a whole tree consist of. */
export interface ItemsetNodesState extends ItemsetColumns {
  readonly expanded: Uint8Array;
  readonly size: number;
  readonly children: ChildIndexState;
}

export class ItemsetNodes {
  /** By node. */
  parent: Int32Array = new Int32Array(FEWEST);
  item: Int32Array = new Int32Array(FEWEST);
  /** How many items. */
  depth: Uint8Array = new Uint8Array(FEWEST);
  /** 1: its children are tracked (itemsets.ts). */
  expanded: Uint8Array = new Uint8Array(FEWEST);
  #size = 0;
  readonly #free: number[] = [];
  readonly #children: ChildIndex = new ChildIndex();

  /** See `IntLists.give`; no node was ever freed. */
  give(): ItemsetNodesState {
    const { parent, item, depth, expanded, size } = this;
    return { parent, item, depth, expanded, size, children: this.#children.give() };
  }

  take({ parent, item, depth, expanded, size, children }: ItemsetNodesState): void {
    this.parent = parent;
    this.item = item;
    this.depth = depth;
    this.expanded = expanded;
    this.#size = size;
    this.#children.take(children);
  }

  /** Ids are below this. */
  get size(): number {
    return this.#size;
  }

  /** The child, or -1. */
  find(parent: number, item: number): number {
    return this.#children.find(parent, item);
  }

  /** Makes a child that is not there. */
  create(parent: number, item: number): number {
    const node = this.#free.pop() ?? this.#size++;
    this.#set(node, parent, item);
    this.#children.add(parent, item, node);
    return node;
  }

  /** As `create`, while a whole tree is planted: none is found before `indexAll` was called, once. */
  append(parent: number, item: number): number {
    this.#set(this.#size, parent, item);
    return this.#size++;
  }

  /** `order`: all nodes, each once, at the place of the number that it gets. Before `indexAll`. */
  renumber(order: Int32Array): void {
    const { parent, item, depth, expanded } = this;
    const numbers = new Int32Array(order.length);
    for (let node = 0; node < order.length; node++) numbers[order[node]!] = node;
    const room = Math.max(FEWEST, order.length + (order.length >> ROOM_SHIFT));
    this.parent = new Int32Array(room);
    this.item = new Int32Array(room);
    this.depth = new Uint8Array(room);
    this.expanded = new Uint8Array(room);
    for (let node = 0; node < order.length; node++) {
      const old = order[node]!;
      this.parent[node] = parent[old] === ROOT ? ROOT : numbers[parent[old]!]!;
      this.item[node] = item[old]!;
      this.depth[node] = depth[old]!;
      this.expanded[node] = expanded[old]!;
    }
  }

  *indexAll(): Slices<void> {
    this.#children.reserve(this.#size);
    for (let from = 0; from < this.#size; from += INDEXED_TOGETHER) {
      if (from % SLICE < INDEXED_TOGETHER) yield;
      this.#children.addRun(this.parent, this.item, from, Math.min(from + INDEXED_TOGETHER, this.#size));
    }
  }

  /** Gives back a node that has no children. */
  free(node: number): void {
    this.#children.delete(this.parent[node]!, this.item[node]!);
    this.#free.push(node);
  }

  /** A single item, or expanded: others have no rules. */
  mayHaveRules(node: number): boolean {
    return this.depth[node] === 1 || this.expanded[node] === 1;
  }

  /** Items of a node in item order. */
  itemsOf(node: number): number[] {
    const items: number[] = [];
    for (let at = node; at !== ROOT; at = this.parent[at]!) items.push(this.item[at]!);
    return items.reverse();
  }

  /** True when all items of the node are among `items`. */
  isWithin(node: number, items: readonly number[]): boolean {
    for (let at = node; at !== ROOT; at = this.parent[at]!) if (!items.includes(this.item[at]!)) return false;
    return true;
  }

  /** A copy of what the order of itemsets depends on. */
  columns(): ItemsetColumns {
    const size = this.#size;
    return { parent: this.parent.slice(0, size), item: this.item.slice(0, size), depth: this.depth.slice(0, size) };
  }

  #set(node: number, parent: number, item: number): void {
    if (node === this.parent.length) this.#grow();
    this.parent[node] = parent;
    this.item[node] = item;
    this.depth[node] = parent === ROOT ? 1 : this.depth[parent]! + 1;
    this.expanded[node] = 0;
  }

  #grow(): void {
    const size = this.parent.length * 2;
    this.parent = largerIntegers(this.parent, size);
    this.item = largerIntegers(this.item, size);
    this.depth = largerBytes(this.depth, size);
    this.expanded = largerBytes(this.expanded, size);
  }
}
