/**
 * Batch path: the entitlements of every user, side by side: those of a user stand at `start[user] … end[user)`. Users who
 * have much in common stand close together.
 */
import type { Company } from "./company.ts";
import type { Itemsets } from "./itemsets.ts";

export class UserPairs {
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly entitlements: Int32Array;

  constructor(start: Int32Array, end: Int32Array, entitlements: Int32Array) {
    this.start = start;
    this.end = end;
    this.entitlements = entitlements;
  }

  /** Pairs of which this bit (COUNTED_HOLDER, COUNTED_TEACHER) is counted. */
  static counted({ pairs, identities }: Company, bit: number, order: Int32Array): UserPairs {
    const counts = new Int32Array(identities.size);
    for (let row = 0; row < pairs.size; row++) if ((pairs.countedOf(row) & bit) !== 0) counts[pairs.userOf(row)]!++;
    const start = new Int32Array(identities.size);
    let size = 0;
    for (const user of order) {
      start[user] = size;
      size += counts[user]!;
    }
    const end = start.slice();
    const entitlements = new Int32Array(size);
    for (let row = 0; row < pairs.size; row++) {
      if ((pairs.countedOf(row) & bit) !== 0) entitlements[end[pairs.userOf(row)]!++] = pairs.entitlementOf(row);
    }
    return new UserPairs(start, end, entitlements);
  }
}

/** All users; those who share their first itemsets follow one another. The tree is as it was built, parents first. */
export function similarUsers(itemsets: Itemsets, users: number): Int32Array {
  const order = new Int32Array(users);
  const placed = new Uint8Array(users);
  let size = 0;
  const place = (user: number): void => {
    if (placed[user] === 1) return;
    placed[user] = 1;
    order[size++] = user;
  };
  const { pool, start, length } = itemsets.members;
  for (let node = 0; node < itemsets.size; node++) {
    if (node + 1 < itemsets.size && itemsets.parentOf(node + 1) === node) continue;
    for (let at = start[node]!; at < start[node]! + length[node]!; at++) place(pool[at]!);
  }
  for (let user = 0; user < users; user++) place(user);
  return order;
}
