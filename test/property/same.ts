/**
 * Equality without words: cheap enough to be asked after every step. Where it finds a difference, others say which.
 * Rows may stand in any order; of two rows with the same key, one is too many.
 */
import { compareCodePoints } from "../../src/core/recount-itemsets.ts";
import type { AssignmentRow, EntitlementRow, IdentityRow, RuleRow, Tables, View } from "../../src/core/tables.ts";
import type { Flag, Item, Score } from "../../src/events/delta.ts";
import { itemsKey, type Key, pairKey, ruleKey } from "./keys.ts";

export function sameView(a: View, b: View): boolean {
  const pair = ({ user, entitlement }: { readonly user: string; readonly entitlement: string }): unknown =>
    pairKey(user, entitlement);
  return (
    sameRows(
      a.itemsets,
      b.itemsets,
      ({ items }) => itemsKey(items),
      (x, y) => x.freq === y.freq,
    ) &&
    a.rules.length === b.rules.length &&
    unequalRules(b, a.rules)[1].length === 0 &&
    sameRows(a.predictions, b.predictions, pair, (x, y) => sameScore(x.score, y.score)) &&
    sameRows(a.recommendations, b.recommendations, pair, (x, y) => sameScore(x.score, y.score)) &&
    sameRows(a.flags, b.flags, pair, (x, y) => sameFlags(x.flags, y.flags))
  );
}

const indexes = new WeakMap<View, ReadonlyMap<Key, RuleRow>>();

/** A view is asked for them more than once, and never changes. */
export function rulesOf(view: View): ReadonlyMap<Key, RuleRow> {
  const known = indexes.get(view);
  if (known !== undefined) return known;
  const rules = new Map(view.rules.map((rule) => [ruleKey(rule), rule]));
  indexes.set(view, rules);
  return rules;
}

/** The rules of the view and the others, without those that stand in both with the same numbers. */
export function unequalRules(
  view: View,
  others: readonly RuleRow[],
): readonly [ofView: readonly RuleRow[], others: readonly RuleRow[]] {
  const rules = rulesOf(view);
  const equal = new Set<Key>();
  const unequal = others.filter((rule) => {
    const key = ruleKey(rule);
    const same = rules.get(key);
    if (same === undefined || !sameEvidence(same, rule) || equal.has(key)) return true;
    equal.add(key);
    return false;
  });
  if (equal.size === rules.size) return [[], unequal];
  return [[...rules].flatMap(([key, rule]) => (equal.has(key) ? [] : [rule])), unequal];
}

/** A row that says nothing is the same as no row. */
export function sameTables(a: Tables, b: Tables): boolean {
  const pair = ({ user, entitlement }: AssignmentRow): unknown => pairKey(user, entitlement);
  return (
    a.clockMinute === b.clockMinute &&
    sameRows(
      a.identities.filter(saysOfIdentity),
      b.identities.filter(saysOfIdentity),
      ({ user }) => user,
      isIdentity,
    ) &&
    sameRows(a.assignments.filter(saysOfAssignment), b.assignments.filter(saysOfAssignment), pair, isAssignment) &&
    sameRows(
      a.entitlements.filter(saysOfEntitlement),
      b.entitlements.filter(saysOfEntitlement),
      ({ entitlement }) => entitlement,
      isEntitlement,
    )
  );
}

function sameRows<Row>(
  a: readonly Row[],
  b: readonly Row[],
  keyOf: (row: Row) => unknown,
  isSame: (x: Row, y: Row) => boolean,
): boolean {
  if (a.length !== b.length) return false;
  const left = new Map<unknown, Row>();
  for (const row of b) left.set(keyOf(row), row);
  for (const row of a) {
    const key = keyOf(row);
    const other = left.get(key);
    if (other === undefined || !isSame(row, other)) return false;
    left.delete(key);
  }
  return left.size === 0;
}

export function sameItems(a: readonly Item[], b: readonly Item[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i]!.attribute !== b[i]!.attribute || a[i]!.value !== b[i]!.value) return false;
  }
  return true;
}

export function sameScore(a: Score, b: Score): boolean {
  return sameEvidence(a, b) && a.band === b.band && a.reason === b.reason && sameItems(a.rule, b.rule);
}

export function sameFlags(a: readonly Flag[], b: readonly Flag[]): boolean {
  if (a.length !== b.length) return false;
  return a.every((flag, i) => flag.flag === b[i]!.flag && typeOf(flag) === typeOf(b[i]!));
}

function typeOf(flag: Flag): string | null {
  return flag.flag === "outlier" ? flag.type : null;
}

type Numbers = Pick<RuleRow, "freq" | "freqUnion">;

function sameEvidence(a: Numbers, b: Numbers): boolean {
  return a.freq === b.freq && a.freqUnion === b.freqUnion;
}

export function saysOfIdentity({ state, kind, items, itemsChangedAt }: IdentityRow): boolean {
  return state !== "unknown" || kind !== null || items.length > 0 || itemsChangedAt !== null;
}

export function saysOfAssignment({ held, memberAt, lastUsedAt, expiresAt }: AssignmentRow): boolean {
  return held || memberAt > 0 || lastUsedAt !== null || expiresAt !== null;
}

export function saysOfEntitlement({ catalogued, application, tags, requestable }: EntitlementRow): boolean {
  return catalogued || application !== null || tags.length > 0 || !requestable;
}

/** null: never. */
export function grantedAt({ held, memberAt }: AssignmentRow): number | null {
  return held || memberAt > 0 ? memberAt : null;
}

function isIdentity(a: IdentityRow, b: IdentityRow): boolean {
  return (
    a.state === b.state &&
    a.kind === b.kind &&
    a.itemsChangedAt === b.itemsChangedAt &&
    sameItems(a.items, b.items) &&
    sameItems(a.previousItems, b.previousItems)
  );
}

function isAssignment(a: AssignmentRow, b: AssignmentRow): boolean {
  return (
    a.held === b.held &&
    grantedAt(a) === grantedAt(b) &&
    a.lastUsedAt === b.lastUsedAt &&
    a.expiresAt === b.expiresAt &&
    a.source === b.source
  );
}

function isEntitlement(a: EntitlementRow, b: EntitlementRow): boolean {
  const tags = (row: EntitlementRow): string => JSON.stringify([...row.tags].sort(compareCodePoints));
  return (
    a.catalogued === b.catalogued &&
    a.application === b.application &&
    a.requestable === b.requestable &&
    tags(a) === tags(b)
  );
}
