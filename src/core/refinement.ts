/** Batch path: splits a group of users by the items that they have beyond those that all of them have. */
import type { IntLists } from "./int-lists.ts";

/** Instead of the place of an item that makes no part. */
const LEFT_OUT = -1;

export interface Group {
  users: Int32Array;
  /** For each of these users, where the items that may still be added begin (`Refinement.itemsOf`). */
  next: Int32Array;
}

/** The parts of a group, one after the other: each are those users who have one item more. */
export interface Split extends Group {
  parts: number;
  /** By part. */
  readonly items: Int32Array;
  readonly sizes: Int32Array;
}

export class Refinement {
  /** The items of every user, with `#end` behind them. */
  readonly #pool: Uint16Array | Int32Array;
  readonly #start: Int32Array;
  /** No item. */
  readonly #end: number;
  /** By item: how many have it, then where the next of them goes, or LEFT_OUT. */
  readonly #counts: Int32Array;
  readonly #seen: Int32Array;
  /** By depth: the group that was split there last. */
  readonly #splits: readonly Split[];

  constructor(users: number, items: IntLists, itemsMax: number, depthMax: number) {
    this.#start = new Int32Array(users + 1);
    for (let user = 0; user < users; user++) this.#start[user + 1] = this.#start[user]! + items.count(user) + 1;
    this.#end = itemsMax;
    this.#pool = new (itemsMax < 1 << 16 ? Uint16Array : Int32Array)(this.#start[users]!).fill(itemsMax);
    for (let user = 0; user < users; user++) {
      for (let i = 0; i < items.count(user); i++) this.#pool[this.#start[user]! + i] = items.at(user, i);
    }
    this.#counts = new Int32Array(itemsMax);
    this.#seen = new Int32Array(itemsMax);
    this.#splits = Array.from({ length: depthMax }, () => ({
      users: new Int32Array(64),
      next: new Int32Array(64),
      parts: 0,
      items: new Int32Array(itemsMax),
      sizes: new Int32Array(itemsMax),
    }));
  }

  /** Where the items of a user begin. */
  itemsOf(user: number): number {
    return this.#start[user]!;
  }

  /** The parts of items to be kept, until a group is split at the same depth; users keep their order. */
  split({ users, next }: Group, from: number, end: number, depth: number, isKept: (item: number) => boolean): Split {
    const counts = this.#counts;
    const pool = this.#pool;
    const none = this.#end;
    const seen = this.#seen;
    let seenCount = 0;
    for (let i = from; i < end; i++) {
      for (let at = next[i]!, item = pool[at]!; item !== none; item = pool[++at]!) {
        if (counts[item]!++ === 0) seen[seenCount++] = item;
      }
    }
    const below = this.#splits[depth]!;
    below.parts = 0;
    let total = 0;
    for (let i = 0; i < seenCount; i++) {
      const item = seen[i]!;
      const size = counts[item]!;
      counts[item] = LEFT_OUT;
      if (!isKept(item)) continue;
      below.items[below.parts] = item;
      below.sizes[below.parts++] = size;
      counts[item] = total;
      total += size;
    }
    if (below.users.length < total) {
      below.users = new Int32Array(total * 2);
      below.next = new Int32Array(total * 2);
    }
    const { users: usersBelow, next: nextBelow } = below;
    for (let i = from; i < end; i++) {
      const user = users[i]!;
      for (let at = next[i]!, item = pool[at]!; item !== none; item = pool[++at]!) {
        const place = counts[item]!;
        if (place === LEFT_OUT) continue;
        counts[item] = place + 1;
        usersBelow[place] = user;
        nextBelow[place] = at + 1;
      }
    }
    for (let i = 0; i < seenCount; i++) counts[seen[i]!] = 0;
    return below;
  }
}
