/** Batch path: counts, for one itemset after the other, how many of its members hold what. */
import type { Company } from "./company.ts";
import type { IntLists } from "./int-lists.ts";
import { COUNTED_TEACHER } from "./pairs.ts";

/** Counters are begun anew before they could go beyond 2^31. */
const BASE_MAX = 2 ** 30;

export class MemberCount {
  /** What a user teaches of stands side by side, at `#start[user] … #start[user + 1)` of `#entitlements`. */
  readonly #start: Int32Array;
  readonly #entitlements: Uint16Array | Int32Array;
  /** By entitlement. */
  readonly #minSupport: Int32Array;
  /** By entitlement: its count plus the base; at or below the base: it was not met yet. */
  readonly #counts: Int32Array;
  readonly #reached: Int32Array;
  #base = 0;
  #baseNext = 0;

  /** What is counted of a row is up to date. */
  constructor({ catalog, identities, pairs, policy }: Company) {
    const teaches = (row: number): boolean => (pairs.countedOf(row) & COUNTED_TEACHER) !== 0;
    this.#start = new Int32Array(identities.size + 1);
    for (let row = 0; row < pairs.size; row++) if (teaches(row)) this.#start[pairs.userOf(row) + 1]!++;
    for (let user = 0; user < identities.size; user++) this.#start[user + 1]! += this.#start[user]!;
    this.#entitlements = new (catalog.size <= 1 << 16 ? Uint16Array : Int32Array)(this.#start[identities.size]!);
    const next = this.#start.slice();
    for (let row = 0; row < pairs.size; row++) {
      if (teaches(row)) this.#entitlements[next[pairs.userOf(row)]!++] = pairs.entitlementOf(row);
    }
    this.#minSupport = Int32Array.from({ length: catalog.size }, (_, entitlement) => policy.of(entitlement).minSupport);
    this.#counts = new Int32Array(catalog.size);
    this.#reached = new Int32Array(catalog.size);
  }

  /** The entitlements that have support with the itemset, ascending; they hold until the next call. */
  count({ pool, start: membersStart, length }: IntLists, itemset: number): Int32Array {
    const start = this.#start;
    const entitlements = this.#entitlements;
    this.#begin(length[itemset]!);
    const base = this.#base;
    const counts = this.#counts;
    const minSupport = this.#minSupport;
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
