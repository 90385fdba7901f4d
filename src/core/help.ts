/**
 * Work of a start that another thread may do meanwhile, from plain columns to plain columns. Whether and when it is done
 * changes nothing: what nobody does the engine does itself.
 */
import type { Planted, PlantingBasis } from "./planted.ts";
import type { CountedRules, RuleCountBasis } from "./rule-count.ts";
import type { RuleFillBasis } from "./rule-fill.ts";
import type { Slices } from "./slices.ts";

/** undefined: not done yet; null: it never will be. */
export interface Errand<Result> {
  readonly result: Result | null | undefined;
}

export interface Helper {
  plant(basis: PlantingBasis): Errand<Planted>;
  /** The columns of members are the helper's from then on. */
  countRules(basis: RuleCountBasis): Errand<CountedRules>;
  fillRules(basis: RuleFillBasis): Errand<Int32Array[]>;
}

/** A tree of itemsets that is being planted, perhaps, elsewhere. */
export interface PlantingWork {
  readonly basis: PlantingBasis;
  readonly planted: Errand<Planted> | null;
}

/** What the errand comes to, once it is done; `otherwise` where it comes to nothing. */
export function* awaited<Result>(errand: Errand<Result> | null, otherwise: () => Slices<Result>): Slices<Result> {
  for (;;) {
    const result = errand === null ? null : errand.result;
    if (result !== undefined) return result ?? (yield* otherwise());
    yield;
  }
}

/** The first so many of `counts` that come to about this share of what `counts[0 … end)` do. */
export function shareOf(counts: Int32Array, end: number, share: number): number {
  let total = 0;
  for (let i = 0; i < end; i++) total += counts[i]!;
  let some = 0;
  for (let sum = 0; some < end && sum < total * share; some++) sum += counts[some]!;
  return some;
}
