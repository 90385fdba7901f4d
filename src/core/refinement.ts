/** Batch path: splits a group of users by the items that they have beyond those that all of them have. */
import type { IntLists } from "./int-lists.ts";

/** Instead of the place of an item that makes no part. */
const LEFT_OUT = -1;
/** Behind the items of each user. */
const END = -1;

export interface Group {
  users: Int32Array;
  /** For each of these users, where the items that may still be added begin (`Refinement.itemsOf`). */
  next: Int32Array;
}

/** Those of a group who have one item more. */
export interface Part {
  readonly item: number;
  readonly size: number;
}

export class Refinement {
  /** By depth: the parts of the group that was split there last, one after the other. */
  readonly groups: readonly Group[];
  /** The items of every user, with END behind them. */
  readonly #pool: Int32Array;
  readonly #start: Int32Array;
  /** By item: how many have it, then where the next of them goes, or LEFT_OUT. */
  readonly #counts: Int32Array;

  constructor(users: number, items: IntLists, itemsMax: number, depthMax: number) {
    this.#start = new Int32Array(users + 1);
    for (let user = 0; user < users; user++) this.#start[user + 1] = this.#start[user]! + items.count(user) + 1;
    this.#pool = new Int32Array(this.#start[users]!).fill(END);
    for (let user = 0; user < users; user++) {
      for (let i = 0; i < items.count(user); i++) this.#pool[this.#start[user]! + i] = items.at(user, i);
    }
    this.#counts = new Int32Array(itemsMax);
    this.groups = Array.from({ length: depthMax }, () => ({
      users: new Int32Array(64),
      next: new Int32Array(64),
    }));
  }

  /** Where the items of a user begin. */
  itemsOf(user: number): number {
    return this.#start[user]!;
  }

  /** The parts of items to be kept, in the order in which they stand in `groups[depth]`; users keep their order. */
  split(group: Group, from: number, end: number, depth: number, isKept: (item: number) => boolean): Part[] {
    const counts = this.#counts;
    const pool = this.#pool;
    const seen: number[] = [];
    for (let i = from; i < end; i++) {
      for (let at = group.next[i]!, item = pool[at]!; item !== END; item = pool[++at]!) {
        if (counts[item]!++ === 0) seen.push(item);
      }
    }
    const parts: Part[] = [];
    let total = 0;
    for (const item of seen) {
      const size = counts[item]!;
      counts[item] = LEFT_OUT;
      if (!isKept(item)) continue;
      parts.push({ item, size });
      counts[item] = total;
      total += size;
    }
    const below = this.groups[depth]!;
    if (below.users.length < total) {
      below.users = new Int32Array(total * 2);
      below.next = new Int32Array(total * 2);
    }
    const { users, next } = below;
    for (let i = from; i < end; i++) {
      const user = group.users[i]!;
      for (let at = group.next[i]!, item = pool[at]!; item !== END; item = pool[++at]!) {
        const place = counts[item]!;
        if (place === LEFT_OUT) continue;
        counts[item] = place + 1;
        users[place] = user;
        next[place] = at + 1;
      }
    }
    for (const item of seen) counts[item] = 0;
    return parts;
  }
}
