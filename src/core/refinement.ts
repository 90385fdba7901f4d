/** Batch path: splits a group of users by the items that they have beyond those that all of them have. */
import type { IntLists } from "./int-lists.ts";
import { largerIntegers } from "./larger.ts";

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
  /** Groups that are not to be split. */
  readonly small: SmallGroups = new SmallGroups();
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

/** Groups that wait until all larger ones have been split: [node above, item, size, users …] each. */
class SmallGroups {
  #integers: Int32Array = new Int32Array(1024);
  #size = 0;

  add(above: number, item: number, users: Int32Array, from: number, size: number): void {
    const at = this.#size;
    this.#size += 3 + size;
    if (this.#size > this.#integers.length) this.#integers = largerIntegers(this.#integers, this.#size * 2);
    this.#integers[at] = above;
    this.#integers[at + 1] = item;
    this.#integers[at + 2] = size;
    for (let i = 0; i < size; i++) this.#integers[at + 3 + i] = users[from + i]!;
  }

  *[Symbol.iterator](): Generator<{ readonly above: number; readonly item: number; readonly users: Int32Array }> {
    for (let at = 0; at < this.#size; ) {
      const end = at + 3 + this.#integers[at + 2]!;
      yield {
        above: this.#integers[at]!,
        item: this.#integers[at + 1]!,
        users: this.#integers.subarray(at + 3, end),
      };
      at = end;
    }
  }
}
