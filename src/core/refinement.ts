/** Batch path: splits a group of users by the items that they have beyond those that all of them have. */
import type { IntLists } from "./int-lists.ts";
import { largerIntegers } from "./larger.ts";

/** Instead of the place of an item that makes no part. */
const LEFT_OUT = -1;

export interface Group {
  users: Int32Array;
  /** For each of these users, where the items that may still be added begin in the pool of `items`. */
  next: Int32Array;
}

export class Refinement {
  /** By depth: the parts of the group that was split there last, one after the other. */
  readonly groups: readonly Group[];
  /** Groups that are not to be split. */
  readonly small: SmallGroups = new SmallGroups();
  readonly #items: IntLists;
  /** By item: how many have it, then where the next of them goes, or LEFT_OUT. */
  readonly #counts: Int32Array;

  constructor(items: IntLists, itemsMax: number, depthMax: number) {
    this.#items = items;
    this.#counts = new Int32Array(itemsMax);
    this.groups = Array.from({ length: depthMax }, () => ({
      users: new Int32Array(64),
      next: new Int32Array(64),
    }));
  }

  /** The parts of items to be kept, in the order in which they stand in `groups[depth]`; users keep their order. */
  split(
    group: Group,
    from: number,
    end: number,
    depth: number,
    isKept: (item: number) => boolean,
  ): { readonly item: number; readonly size: number }[] {
    const counts = this.#counts;
    const { pool, start, length } = this.#items;
    const seen: number[] = [];
    for (let i = from; i < end; i++) {
      const user = group.users[i]!;
      const last = start[user]! + length[user]!;
      for (let at = group.next[i]!; at < last; at++) if (counts[pool[at]!]!++ === 0) seen.push(pool[at]!);
    }
    const parts: { readonly item: number; readonly size: number }[] = [];
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
      const last = start[user]! + length[user]!;
      for (let at = group.next[i]!; at < last; at++) {
        const place = counts[pool[at]!]!;
        if (place === LEFT_OUT) continue;
        counts[pool[at]!] = place + 1;
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

  forEach(visit: (above: number, item: number, users: Int32Array) => void): void {
    for (let at = 0; at < this.#size; ) {
      const end = at + 3 + this.#integers[at + 2]!;
      visit(this.#integers[at]!, this.#integers[at + 1]!, this.#integers.subarray(at + 3, end));
      at = end;
    }
  }
}
