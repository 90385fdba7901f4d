/**
 * The itemsets that matter, as a prefix tree: a node is its parent plus one more item, later in item order.
 *
 *  1. A node is tracked when its parent is expanded; the root always is. Every tracked node knows its members exactly,
 *     so freq(S) = number of members. Itemsets below a node that was never frequent are not tracked: they cannot be
 *     frequent either. Redundant itemsets (implications.ts) are not tracked.
 *  2. A node is expanded when its freq first reaches `supportFloor`, and stays so until it is collected.
 *  3. A node of two items and more that is not expanded is rare: it has no rules. `sets` and `rare` list, for a user, the
 *     tracked nodes that the user's items include. For a user that is foreseen, `sets` are those that mattered, when it got
 *     them, of the items that it is not counted with.
 *  4. A node without members keeps its id and its meaning until `collectEmpty`.
 */
import { Implications } from "./implications.ts";
import { IntLists } from "./int-lists.ts";
import type { Items } from "./items.ts";
import { ItemsetNodes } from "./itemset-nodes.ts";
import { compareItemsets, type ItemsetColumns, ROOT } from "./itemset-order.ts";
import type { Planted } from "./planted.ts";
import { SLICE, type Slices } from "./slices.ts";

/**
 * How the itemsets of one user changed, but for rare ones. One that ceases to be rare later, by another user's arrival, is
 * in none of these: it has no rule yet, and that other user has it among those added.
 */
export interface SetChange {
  readonly removed: Int32Array;
  readonly kept: Int32Array;
  readonly added: Int32Array;
}

interface Foreseen {
  readonly items: readonly number[];
  readonly memberOf: readonly number[];
  readonly lookedAtWith: readonly number[];
}

export class Itemsets {
  /** By node: its members, ascending. */
  readonly members: IntLists = new IntLists();
  /** By user: the nodes that it is a member of, but for rare ones; or, foreseen, is looked at with. */
  readonly sets: IntLists = new IntLists();
  /** By user: the rare nodes that it is a member of. */
  readonly rare: IntLists = new IntLists();
  readonly implications: Implications = new Implications();
  readonly #items: Items;
  readonly #lengthMax: number;
  readonly #supportFloor: number;
  /** Called whenever a node's freq has changed. */
  readonly #onChange: (node: number, freqBefore: number) => void;
  readonly #nodes: ItemsetNodes = new ItemsetNodes();
  /** Another number whenever `within` may answer otherwise. */
  version = 0;
  #emptied: number[] = [];
  /** By user that is foreseen: its `sets` as a member, and those that it is looked at with. */
  readonly #foreseen: Map<number, Foreseen> = new Map();

  constructor(
    items: Items,
    lengthMax: number,
    supportFloor: number,
    onChange: (node: number, freqBefore: number) => void,
  ) {
    this.#items = items;
    this.#lengthMax = lengthMax;
    this.#supportFloor = supportFloor;
    this.#onChange = onChange;
  }

  /** Node ids are below this. */
  get size(): number {
    return this.#nodes.size;
  }

  freq(node: number): number {
    return this.members.count(node);
  }

  /** The parent node, or -1 for a single item. */
  parentOf(node: number): number {
    return this.#nodes.parent[node]!;
  }

  depthOf(node: number): number {
    return this.#nodes.depth[node]!;
  }

  /** Items of a node in item order. */
  itemsOf(node: number): number[] {
    return this.#nodes.itemsOf(node);
  }

  /** True when all items of the node are among `items`. */
  isWithin(node: number, items: readonly number[]): boolean {
    return this.#nodes.isWithin(node, items);
  }

  /** Itemsets that are not tracked because a node has the same members: their items, in item order. */
  redundantWith(node: number): number[][] {
    const all = this.implications.redundantWith(this.itemsOf(node), this.#lengthMax);
    return all.map((items) => this.#inOrder(items));
  }

  /** The node of these items (in item order), or -1. */
  find(items: readonly number[]): number {
    let node = ROOT;
    for (const item of items) {
      node = this.#nodes.find(node, item);
      if (node === -1) return -1;
    }
    return node;
  }

  /** The nodes of one item less within a node, beside its parent; null when one of them is not tracked. */
  asideOf(node: number): number[] | null {
    const items = this.itemsOf(node);
    const aside: number[] = [];
    for (let left = 0; left < items.length - 1; left++) {
      const found = this.find(items.filter((_, i) => i !== left));
      if (found === -1) return null;
      aside.push(found);
    }
    return aside;
  }

  /** The node of these items, made without members when it is not tracked (so that it can be described). */
  intern(items: readonly number[]): number {
    let node = ROOT;
    for (const item of items) {
      node = this.#childOrNew(node, item);
      if (this.members.count(node) === 0) this.#emptied.push(node);
    }
    return node;
  }

  /** The order of two nodes: see `compareItemsets`. */
  compare(a: number, b: number): number {
    return compareItemsets(this.#nodes, (x, y) => this.#items.compare(x, y), a, b);
  }

  /** A copy of what the order depends on. */
  columns(): ItemsetColumns {
    return this.#nodes.columns();
  }

  /**
   * Users are about to have these items: ends the implications that they contradict and tracks the itemsets that were
   * redundant because of them. Each of these nodes that may have rules comes with the one that stood for it: they have the
   * same members.
   */
  contradict(itemsOfUsers: readonly (readonly number[])[]): { readonly node: number; readonly stoodIn: number }[] {
    return itemsOfUsers.flatMap((items) =>
      this.implications.contradictedBy(items).flatMap(([item, implied]) => {
        this.implications.end(item, implied);
        return this.#trackAnew(item).map((node) => {
          const stoodIn = this.find(this.itemsOf(node).filter((each) => each !== implied));
          return { node, stoodIn };
        });
      }),
    );
  }

  /** Makes the user a member of exactly the tracked itemsets of `items` (feature items in item order). */
  assign(user: number, items: readonly number[]): SetChange {
    this.sets.reserve(user + 1);
    this.rare.reserve(user + 1);
    const had = new Set(this.singleItemsOf(user));
    const removed: number[] = [];
    const leaves = (node: number): boolean => {
      if (this.isWithin(node, items)) return false;
      this.#leave(node, user);
      return true;
    };
    this.rare.filter(user, (node) => !leaves(node));
    this.sets.filter(user, (node) => {
      if (!leaves(node)) return true;
      removed.push(node);
      return false;
    });
    const kept = this.sets.toIntegers(user);
    const added = this.#enterAll(user, items, (item) => !had.has(item));
    return { removed: Int32Array.from(removed), kept, added };
  }

  /**
   * Lets a user be looked at with these items (in item order). Members, and so every freq, stay as they are; so nothing may
   * be assigned until `recall`, and nothing collected while anybody is foreseen.
   */
  foresee(user: number, items: readonly number[]): void {
    const memberOf = this.#foreseen.get(user)?.memberOf ?? this.sets.toArray(user);
    const lookedAtWith = this.within(items);
    this.#foreseen.set(user, { items, memberOf, lookedAtWith });
    this.sets.assign(user, lookedAtWith);
  }

  /** Whether these are the items, each once, with which the user is counted or foreseen. */
  isWith(user: number, items: readonly number[]): boolean {
    const known = this.#foreseen.get(user)?.items ?? this.singleItemsOf(user);
    return known.length === items.length && known.every((item) => items.includes(item));
  }

  /** All users have the itemsets again that they are members of. */
  recall(): void {
    for (const [user, { memberOf }] of this.#foreseen) this.sets.assign(user, memberOf);
  }

  /** After `recall`: who still is to be foreseen is looked at as before. Later itemsets have rules that it was not told of. */
  foreseeAgain(isForeseen: (user: number) => boolean): void {
    for (const [user, { items, lookedAtWith }] of this.#foreseen) {
      if (isForeseen(user)) {
        this.#foreseen.set(user, { items, memberOf: this.sets.toArray(user), lookedAtWith });
        this.sets.assign(user, lookedAtWith);
      } else this.#foreseen.delete(user);
    }
  }

  /** By node that may have rules: the one of the same items among other itemsets; -1: there is none. */
  *nodesIn(other: Itemsets): Slices<Int32Array> {
    const nodes = new Int32Array(this.size).fill(-1);
    for (let node = 0; node < nodes.length; node++) {
      if (node % SLICE === 0) yield;
      if (this.#nodes.expanded[node] === 1) nodes[node] = other.find(this.itemsOf(node));
    }
    return nodes;
  }

  /** Items of a user in no order, read from its single-item nodes (which are always tracked); foreseen: those with members. */
  singleItemsOf(user: number): number[] {
    const from = this.sets.start[user]!;
    const singles: number[] = [];
    for (let i = 0; i < this.sets.length[user]!; i++) {
      const node = this.sets.pool[from + i]!;
      if (this.#nodes.depth[node] === 1) singles.push(this.#nodes.item[node]!);
    }
    return singles;
  }

  /** Single items and nodes that may have rules, of members, whose items are all among `items` (in item order). */
  within(items: readonly number[]): number[] {
    const nodes: number[] = [];
    this.#addWithin(items, ROOT, 0, nodes);
    return nodes;
  }

  /** Frees nodes that have no members any more. Only while nobody remembers a node id. Calls `forget` for each. */
  collectEmpty(forget: (node: number) => void): void {
    if (this.#emptied.length === 0) return;
    const deepestFirst = [...new Set(this.#emptied)].sort((a, b) => this.#nodes.depth[b]! - this.#nodes.depth[a]!);
    this.#emptied = [];
    for (const node of deepestFirst) {
      if (this.members.count(node) > 0) continue;
      this.#nodes.free(node);
      forget(node);
    }
  }

  /** Batch path: takes a whole tree of these people over. There is none yet. Returns from which number on itemsets are rare. */
  take({ basis, nodes, members, sets, rare, rareFrom }: Planted): number {
    this.implications.take(basis.implications);
    this.#nodes.take(nodes);
    this.members.take(members);
    this.sets.take(sets);
    this.rare.take(rare);
    return rareFrom;
  }

  #addWithin(items: readonly number[], parent: number, from: number, nodes: number[]): void {
    for (let i = from; i < items.length; i++) {
      const node = this.#nodes.find(parent, items[i]!);
      if (node === -1 || this.members.count(node) === 0) continue;
      const isExpanded = this.#nodes.expanded[node] === 1;
      if (isExpanded || parent === ROOT) nodes.push(node);
      if (isExpanded && this.#nodes.depth[node]! < this.#lengthMax) this.#addWithin(items, node, i + 1, nodes);
    }
  }

  /**
   * Makes the user a member of the tracked itemsets of `items` with a new one among them; which of these are not rare. Of
   * those without a new one the user is a member already.
   */
  #enterAll(user: number, items: readonly number[], isNew: (item: number) => boolean): Int32Array {
    const known = this.sets.count(user);
    const news = items.map(isNew);
    const singles = items.map((item) => this.#childOrNew(ROOT, item));
    for (const [i, node] of singles.entries()) if (news[i] === true) this.#enter(node, user);
    for (const [i, node] of singles.entries()) this.#descend(user, items, news, node, i + 1, news[i]!);
    return this.sets.toIntegers(user).subarray(known);
  }

  /** The user is a member of `node`, now or (`hasNew` false) from before: makes it one of the itemsets below, too. */
  #descend(
    user: number,
    items: readonly number[],
    news: readonly boolean[],
    node: number,
    from: number,
    hasNew: boolean,
  ): void {
    if (this.#nodes.expanded[node] === 0) return this.#expandWhenFrequent(node);
    if (this.#nodes.depth[node] === this.#lengthMax) return;
    const end = hasNew ? items.length : news.lastIndexOf(true) + 1;
    const isLast = this.#nodes.depth[node]! + 1 === this.#lengthMax;
    for (let i = from; i < end; i++) {
      const isNew = hasNew || news[i]!;
      if ((isLast && !isNew) || this.#isRedundant(node, items[i]!)) continue;
      const child = this.#childOrNew(node, items[i]!);
      if (isNew) this.#enter(child, user);
      this.#descend(user, items, news, child, i + 1, isNew);
    }
  }

  /** A node that becomes frequent begins to track its children, for all its members. */
  #expandWhenFrequent(node: number): void {
    if (this.members.count(node) < this.#supportFloor) return;
    this.#nodes.expanded[node] = 1;
    const members = this.members.toArray(node);
    if (this.#nodes.depth[node]! > 1) for (const member of members) this.#bringForward(node, member);
    if (this.#nodes.depth[node] === this.#lengthMax) return;
    const children = new Set<number>();
    for (const member of members) {
      for (const item of this.singleItemsOf(member)) {
        if (this.#items.compare(item, this.#nodes.item[node]!) <= 0 || this.#isRedundant(node, item)) continue;
        const child = this.#childOrNew(node, item);
        this.#enter(child, member);
        children.add(child);
      }
    }
    for (const child of children) if (this.#nodes.expanded[child] === 0) this.#expandWhenFrequent(child);
  }

  #enter(node: number, user: number): void {
    if (!this.members.insert(node, user)) return;
    this.version++;
    this.#onChange(node, this.members.count(node) - 1);
    (this.#nodes.mayHaveRules(node) ? this.sets : this.rare).append(user, node);
  }

  /** The node is rare no more. */
  #bringForward(node: number, member: number): void {
    this.rare.filter(member, (each) => each !== node);
    this.sets.append(member, node);
  }

  #isRedundant(node: number, item: number): boolean {
    return this.implications.isRedundant(this.#nodes, node, item);
  }

  /** Tracks what an implication by this item made redundant until now; the nodes. */
  #trackAnew(item: number): number[] {
    const single = this.#nodes.find(ROOT, item);
    const nodes = new Set<number>();
    for (const member of single === -1 ? [] : this.members.toArray(single)) {
      const items = this.#inOrder(this.singleItemsOf(member));
      for (const node of this.#enterAll(member, items, (each) => each === item)) nodes.add(node);
    }
    return [...nodes];
  }

  #inOrder(items: number[]): number[] {
    return items.sort((a, b) => this.#items.compare(a, b));
  }

  #leave(node: number, user: number): void {
    this.members.remove(node, user);
    this.version++;
    this.#onChange(node, this.members.count(node) + 1);
    if (this.members.count(node) === 0) this.#emptied.push(node);
  }

  #childOrNew(parent: number, item: number): number {
    const child = this.#nodes.find(parent, item);
    return child === -1 ? this.#create(parent, item) : child;
  }

  #create(parent: number, item: number): number {
    const node = this.#nodes.create(parent, item);
    this.members.reserve(node + 1);
    return node;
  }
}
