/**
 * A digest of the batch answer that programs in other languages can make too: for each list the number of its rows and two
 * sums of row hashes, so that row order does not matter. Peers in `peers/common.py` compute the same.
 *  1. Users and entitlements are numbered from 0 in the order of their files, items from 1 by (attribute, value).
 *  2. A rule is three item numbers in ascending order, 0 where it has fewer.
 *  3. Row hash: h = 0; for each number v of the row, and 0 at the end, h = (h * h + v * FACTOR + 1) mod prime. The end mixes
 *     the last number in, too. All of it is exact in doubles.
 */

import type { ItemsetRow, PairScoreRow, RuleRow } from "../src/core/tables.ts";
import type { Item } from "../src/events/delta.ts";

const PRIMES = [67_108_859, 67_108_837] as const;
const FACTOR = 4093;

export interface AnswerDigest {
  readonly itemsets: string;
  readonly rules: string;
  readonly predictions: string;
  readonly recommendations: string;
  readonly notScored: number;
}

export class RowDigest {
  #count = 0;
  readonly #sums = PRIMES.map(() => 0);

  add(row: readonly number[]): void {
    this.#count += 1;
    for (const [lane, prime] of PRIMES.entries()) {
      let hash = 0;
      for (const value of row) hash = (hash * hash + value * FACTOR + 1) % prime;
      this.#sums[lane]! += (hash * hash + 1) % prime;
    }
  }

  toString(): string {
    return [String(this.#count), ...this.#sums.map((sum) => sum.toString(16))].join(":");
  }
}

/** The numbers that stand for names in a digest. */
export class Codes {
  readonly #users: ReadonlyMap<string, number>;
  readonly #entitlements: ReadonlyMap<string, number>;
  readonly #items: ReadonlyMap<string, number>;

  /** `items`: all that occur in the identities' file; their names are ASCII, so that `<` orders them by code point. */
  constructor(users: readonly string[], entitlements: readonly string[], items: readonly Item[]) {
    this.#users = new Map(users.map((user, code) => [user, code]));
    this.#entitlements = new Map(entitlements.map((entitlement, code) => [entitlement, code]));
    const keys = [...new Set(items.map(keyOf))].sort();
    this.#items = new Map(keys.map((key, code) => [key, code + 1]));
  }

  user(name: string): number {
    return known(this.#users, name);
  }

  entitlement(name: string): number {
    return known(this.#entitlements, name);
  }

  item(item: Item): number {
    return known(this.#items, keyOf(item));
  }

  rule(items: readonly Item[]): number[] {
    const codes = items.map((item) => this.item(item)).sort((a, b) => a - b);
    return [codes[0] ?? 0, codes[1] ?? 0, codes[2] ?? 0];
  }
}

/** A view, or something that makes its rows one by one. */
export interface ViewRows {
  readonly itemsets: Iterable<ItemsetRow>;
  readonly rules: Iterable<RuleRow>;
  readonly predictions: Iterable<PairScoreRow>;
  readonly recommendations: Iterable<PairScoreRow>;
}

export function digestOfView(view: ViewRows, codes: Codes): AnswerDigest {
  const [itemsets, rules] = [new RowDigest(), new RowDigest()];
  for (const { items, freq } of view.itemsets) itemsets.add([freq, ...codes.rule(items)]);
  for (const { rule, entitlement, freqUnion, freq } of view.rules) {
    rules.add([codes.entitlement(entitlement), freqUnion, freq, ...codes.rule(rule)]);
  }
  const predictions = digestOfPairs(view.predictions, codes);
  return {
    itemsets: String(itemsets),
    rules: String(rules),
    predictions: predictions.scored,
    recommendations: digestOfPairs(view.recommendations, codes).scored,
    notScored: predictions.notScored,
  };
}

function digestOfPairs(rows: Iterable<PairScoreRow>, codes: Codes): { scored: string; notScored: number } {
  const digest = new RowDigest();
  let notScored = 0;
  for (const { user, entitlement, score } of rows) {
    if (score.rule.length === 0) {
      notScored += 1;
      continue;
    }
    const { freqUnion, freq, rule } = score;
    digest.add([codes.user(user), codes.entitlement(entitlement), freqUnion, freq, ...codes.rule(rule)]);
  }
  return { scored: String(digest), notScored };
}

const keyOf = ({ attribute, value }: Item): string => `${attribute}\u0000${value}`;

function known(codes: ReadonlyMap<string, number>, name: string): number {
  const code = codes.get(name);
  if (code === undefined) throw new RangeError("the view names something that is not in the company's files");
  return code;
}
