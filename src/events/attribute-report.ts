/**
 * What the attributes of a company are good for. It warns people; it never changes what the engine computes.
 */
import type { Attribute } from "./event.ts";

/** With fewer useful attributes groups are too coarse, with more they are too small. */
const USEFUL_ATTRIBUTES_MIN = 7;
const USEFUL_ATTRIBUTES_MAX = 15;
/** An attribute with at least this share of distinct values among its values identifies people. */
const IDENTIFIER_SHARE = 0.9;
/** With fewer values nothing can be said. */
const JUDGED_VALUES_MIN = 10;

export interface AttributeSummary {
  readonly attribute: string;
  /** Identities in all. */
  readonly rows: number;
  /** Identities without a value. */
  readonly nulls: number;
  readonly distinct: number;
  /** Nearly every value occurs once. */
  readonly likelyIdentifier: boolean;
  /** The same value wherever there is one, or no value at all. */
  readonly constant: boolean;
  readonly useful: boolean;
}

interface Tally {
  filled: number;
  values: number;
  readonly distinct: Set<string>;
}

export class AttributeReport {
  #rows = 0;
  readonly #tallies = new Map<string, Tally>();

  add(attributes: readonly Attribute[]): void {
    this.#rows++;
    for (const [name, values] of attributes) {
      const tally = this.#tallyOf(name);
      if (values.length > 0) tally.filled++;
      tally.values += values.length;
      for (const value of values) tally.distinct.add(value);
    }
  }

  /** In the order in which the attributes came. */
  summaries(): readonly AttributeSummary[] {
    return [...this.#tallies].map(([attribute, { filled, values, distinct }]) => {
      const likelyIdentifier = values >= JUDGED_VALUES_MIN && distinct.size >= values * IDENTIFIER_SHARE;
      const constant = distinct.size <= 1;
      return {
        attribute,
        rows: this.#rows,
        nulls: this.#rows - filled,
        distinct: distinct.size,
        likelyIdentifier,
        constant,
        useful: !likelyIdentifier && !constant,
      };
    });
  }

  /** What a person should look at; one sentence each. */
  warnings(): readonly string[] {
    const summaries = this.summaries();
    const warnings: string[] = [];
    for (const { attribute, likelyIdentifier, constant, distinct, rows, nulls } of summaries) {
      if (likelyIdentifier) {
        warnings.push(`${attribute} looks like an identifier: ${distinct} different values on ${rows - nulls} people`);
      }
      if (constant) warnings.push(`${attribute} tells nobody apart: ${distinct} different values`);
    }
    const useful = summaries.filter((summary) => summary.useful).length;
    if (useful < USEFUL_ATTRIBUTES_MIN || useful > USEFUL_ATTRIBUTES_MAX) {
      const range = `${USEFUL_ATTRIBUTES_MIN} to ${USEFUL_ATTRIBUTES_MAX}`;
      warnings.push(`${useful} useful attributes; ${range} have been found to work best`);
    }
    return warnings;
  }

  #tallyOf(name: string): Tally {
    let tally = this.#tallies.get(name);
    if (tally === undefined) {
      tally = { filled: 0, values: 0, distinct: new Set() };
      this.#tallies.set(name, tally);
    }
    return tally;
  }
}
