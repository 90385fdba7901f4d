/** Batch path: fills the rule tables of some entitlements with what was counted, so that another thread may fill others. */
import { lowerBound } from "./int-lists.ts";
import type { CountedRules } from "./rule-count.ts";
import { firstPlaces, RuleTable } from "./rule-tables.ts";
import { SLICE, type Slices } from "./slices.ts";

const RULES_ALLOCATED_A_SLICE = 1_000;

export interface RuleFillBasis {
  readonly counted: readonly CountedRules[];
  /** By itemset. */
  readonly freqs: Int32Array;
  /** By entitlement: how many rules it has. */
  readonly sizes: Int32Array;
  /** Those of entitlements `from … end` are to be filled. */
  readonly from: number;
  readonly end: number;
}

/** Slots of the tables of entitlements `from … end`. Nothing is known yet of what consumers were told: looks will lower the floors. */
export function* fillRules({ counted, freqs, sizes, from, end }: RuleFillBasis): Slices<Int32Array[]> {
  const tables: RuleTable[] = [];
  // Says nothing, but what nobody takes would not be read.
  const readAhead = { places: 0 };
  for (let entitlement = 0; entitlement < end; entitlement++) {
    tables.push(RuleTable.shared(entitlement < from ? 0 : sizes[entitlement]!));
    // Memory that is asked for must be cleared, and old memory be collected.
    if (sizes[entitlement]! > RULES_ALLOCATED_A_SLICE) yield;
  }
  for (const { first, last, starts, ends, entitlements, freqUnions } of counted) {
    for (let itemset = first, done = 0; itemset < last; itemset++) {
      const start = lowerBound(entitlements, starts[itemset]!, ends[itemset]!, from);
      const stop = lowerBound(entitlements, start, ends[itemset]!, end);
      done += stop - start;
      if (done > SLICE) {
        done = 0;
        yield;
      }
      const freq = freqs[itemset]!;
      readAhead.places = firstPlaces(itemset, tables, entitlements, start, stop);
      for (let at = start; at < stop; at++) {
        tables[entitlements[at]!]!.insertTold(itemset, freqUnions[at]!, freqUnions[at]!, freq);
      }
    }
  }
  return tables.slice(from).map(({ slots }) => slots);
}
