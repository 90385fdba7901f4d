/** Batch path: counts, for one itemset after the other, how many of its members hold what. */
import type { Company } from "./company.ts";
import type { IntLists } from "./int-lists.ts";
import type { UserPairs } from "./user-pairs.ts";

/** Counters are begun anew before they could go beyond 2^31. */
const BASE_MAX = 2 ** 30;

export class MemberCount {
  readonly #pairs: UserPairs;
  /** By entitlement. */
  readonly #minSupport: Int32Array;
  /** By entitlement: its count plus the base; at or below the base: it was not met yet. */
  readonly #counts: Int32Array;
  readonly #reached: Int32Array;
  #base = 0;
  #baseNext = 0;

  constructor(pairs: UserPairs, { catalog, policy }: Company) {
    this.#pairs = pairs;
    this.#minSupport = Int32Array.from({ length: catalog.size }, (_, entitlement) => policy.of(entitlement).minSupport);
    this.#counts = new Int32Array(catalog.size);
    this.#reached = new Int32Array(catalog.size);
  }

  /** The entitlements that have support with the itemset, ascending; they hold until the next call. */
  count({ pool, start: listStart, length }: IntLists, itemset: number): Int32Array {
    const { start, end, entitlements } = this.#pairs;
    this.#begin(length[itemset]!);
    const base = this.#base;
    const counts = this.#counts;
    const minSupport = this.#minSupport;
    const last = listStart[itemset]! + length[itemset]!;
    let found = 0;
    for (let i = listStart[itemset]!; i < last; i++) {
      const lastPair = end[pool[i]!]!;
      for (let at = start[pool[i]!]!; at < lastPair; at++) {
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
