/**
 * A digest of the batch answer that programs in other languages can make too: for each list the number of its rows and two
 * sums of row hashes, so that row order does not matter. Peers in `peers/common.py` compute the same.
 *  1. Users and entitlements are numbered from 0 in the order of their files, items from 1 by (attribute, value).
 *  2. A rule is three item numbers in ascending order, 0 where it has fewer.
 *  3. Row hash: h = 0; for each number v of the row, h = (h * h + v * FACTOR + 1) mod prime. All of it is exact in doubles.
 */

import type { PairScoreRow, View } from "../src/core/tables.ts";
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
      this.#sums[lane]! += hash;
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

  rule(items: readonly Item[]): number[] {
    const codes = items.map((item) => known(this.#items, keyOf(item))).sort((a, b) => a - b);
    return [codes[0] ?? 0, codes[1] ?? 0, codes[2] ?? 0];
  }
}

export function digestOfView(view: View, codes: Codes): AnswerDigest {
  const [itemsets, rules] = [new RowDigest(), new RowDigest()];
  for (const { items, freq } of view.itemsets) itemsets.add([freq, ...codes.rule(items)]);
  for (const { rule, entitlement, freqUnion, freq } of view.rules) {
    rules.add([codes.entitlement(entitlement), freqUnion, freq, ...codes.rule(rule)]);
  }
  const scored = view.predictions.filter(({ score }) => score.rule.length > 0);
  return {
    itemsets: String(itemsets),
    rules: String(rules),
    predictions: digestOfPairs(scored, codes),
    recommendations: digestOfPairs(view.recommendations, codes),
    notScored: view.predictions.length - scored.length,
  };
}

export function digestOfPairs(rows: Iterable<PairScoreRow>, codes: Codes): string {
  const digest = new RowDigest();
  for (const { user, entitlement, score } of rows) {
    const { freqUnion, freq, rule } = score;
    digest.add([codes.user(user), codes.entitlement(entitlement), freqUnion, freq, ...codes.rule(rule)]);
  }
  return String(digest);
}

const keyOf = ({ attribute, value }: Item): string => `${attribute}\u0000${value}`;

function known(codes: ReadonlyMap<string, number>, name: string): number {
  const code = codes.get(name);
  if (code === undefined) throw new RangeError("the view names something that is not in the company's files");
  return code;
}
