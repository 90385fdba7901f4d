/** Batch path: counts, for one itemset after the other, how many of its members hold what. */
import type { Company } from "./company.ts";
import type { IntListColumns } from "./int-lists.ts";
import { COUNTED_TEACHER } from "./pairs.ts";

/** Counters are begun anew before they could go beyond 2^31. */
const BASE_MAX = 2 ** 30;

export interface Teaching {
  /** What a user teaches of stands side by side, at `start[user] … start[user + 1)` of `entitlements`. */
  readonly start: Int32Array;
  readonly entitlements: Uint16Array | Int32Array;
  /** By entitlement. */
  readonly minSupport: Int32Array;
}

/** What is counted of a row is up to date. */
export function teachingOf({ catalog, identities, pairs, policy }: Company): Teaching {
  const teaches = (row: number): boolean => (pairs.countedOf(row) & COUNTED_TEACHER) !== 0;
  const start = new Int32Array(identities.size + 1);
  for (let row = 0; row < pairs.size; row++) if (teaches(row)) start[pairs.userOf(row) + 1]!++;
  for (let user = 0; user < identities.size; user++) start[user + 1]! += start[user]!;
  const entitlements = new (catalog.size <= 1 << 16 ? Uint16Array : Int32Array)(start[identities.size]!);
  const next = start.slice();
  for (let row = 0; row < pairs.size; row++) {
    if (teaches(row)) entitlements[next[pairs.userOf(row)]!++] = pairs.entitlementOf(row);
  }
  const minSupport = Int32Array.from({ length: catalog.size }, (_, entitlement) => policy.of(entitlement).minSupport);
  return { start, entitlements, minSupport };
}

export class MemberCount {
  readonly #teaching: Teaching;
  /** By entitlement: its count plus the base; at or below the base: it was not met yet. */
  readonly #counts: Int32Array;
  readonly #reached: Int32Array;
  #base = 0;
  #baseNext = 0;

  constructor(teaching: Teaching) {
    this.#teaching = teaching;
    this.#counts = new Int32Array(teaching.minSupport.length);
    this.#reached = new Int32Array(teaching.minSupport.length);
  }

  /** The entitlements that have support with the itemset, ascending; they hold until the next call. */
  count({ pool, start: membersStart, length }: IntListColumns, itemset: number): Int32Array {
    const { start, entitlements, minSupport } = this.#teaching;
    this.#begin(length[itemset]!);
    const base = this.#base;
    const counts = this.#counts;
    const last = membersStart[itemset]! + length[itemset]!;
    let found = 0;
    for (let i = membersStart[itemset]!; i < last; i++) {
      const end = start[pool[i]! + 1]!;
      for (let at = start[pool[i]!]!; at < end; at++) {
        const entitlement = entitlements[at]!;
        const count = Math.max(counts[entitlement]!, base) + 1;
        counts[entitlement] = count;
        if (count - base === minSupport[entitlement]!) this.#reached[found++] = entitlement;
      }
    }
    return this.#reached.subarray(0, found).sort();
  }

  /** Of an entitlement that the last call gave. */
  freqUnionOf(entitlement: number): number {
    return this.#counts[entitlement]! - this.#base;
  }

  #begin(countMax: number): void {
    if (this.#baseNext + countMax > BASE_MAX) {
      this.#counts.fill(0);
      this.#baseNext = 0;
    }
    this.#base = this.#baseNext;
    this.#baseNext += countMax;
  }
}
