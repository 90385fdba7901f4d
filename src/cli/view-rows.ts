/** A view as the rows that `export` writes: sorted by code points, confidence rounded, one row a flag. */

import type { PairScoreRow, View } from "../core/tables.ts";
import { compareCodePoints } from "../core/text-order.ts";
import type { Item } from "../events/delta.ts";
import { confidence } from "../events/reliability.ts";

export type Row = Readonly<Record<string, unknown>>;

/** File name without ending, its columns, and its rows in order. */
export interface RowFile {
  readonly name: string;
  readonly columns: readonly string[];
  rows(): Iterable<Row>;
}

const SCORE_COLUMNS = ["user", "entitlement", "rule", "freqUnion", "freq", "confidence", "band", "reason"];

/** `published`: itemsets and rules are nothing that consumers are told, so there are no files of them. */
export function rowFiles(view: View, published: boolean): RowFile[] {
  const pairs: RowFile[] = [
    { name: "predictions", columns: SCORE_COLUMNS, rows: () => scoreRows(view.predictions) },
    { name: "recommendations", columns: SCORE_COLUMNS, rows: () => scoreRows(view.recommendations) },
    { name: "flags", columns: ["user", "entitlement", "flag", "type"], rows: () => flagRows(view) },
  ];
  if (published) return pairs;
  return [
    { name: "itemsets", columns: ["items", "freq"], rows: () => itemsetRows(view) },
    { name: "rules", columns: ["rule", "entitlement", "freq", "freqUnion", "confidence"], rows: () => ruleRows(view) },
    ...pairs,
  ];
}

export function compareRules(a: readonly Item[], b: readonly Item[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i] as Item, b[i] as Item];
    const order = compareCodePoints(x.attribute, y.attribute) || compareCodePoints(x.value, y.value);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function comparePairs(a: { user: string; entitlement: string }, b: { user: string; entitlement: string }): number {
  return compareCodePoints(a.user, b.user) || compareCodePoints(a.entitlement, b.entitlement);
}

function* itemsetRows(view: View): Generator<Row> {
  const sorted = view.itemsets.toSorted((a, b) => compareRules(a.items, b.items));
  for (const { items, freq } of sorted) yield { items, freq };
}

function* ruleRows(view: View): Generator<Row> {
  const sorted = view.rules.toSorted(
    (a, b) => compareCodePoints(a.entitlement, b.entitlement) || compareRules(a.rule, b.rule),
  );
  for (const { rule, entitlement, freq, freqUnion } of sorted) {
    yield { rule, entitlement, freq, freqUnion, confidence: confidence(freqUnion, freq) };
  }
}

function* scoreRows(pairs: readonly PairScoreRow[]): Generator<Row> {
  for (const { user, entitlement, score } of pairs.toSorted(comparePairs)) {
    const { rule, freqUnion, freq, band, reason } = score;
    yield { user, entitlement, rule, freqUnion, freq, confidence: confidence(freqUnion, freq), band, reason };
  }
}

function* flagRows(view: View): Generator<Row> {
  for (const { user, entitlement, flags } of view.flags.toSorted(comparePairs)) {
    for (const flag of flags) yield { user, entitlement, ...flag };
  }
}
