/** What the engine's answers are checked with: the conditions of published evidence, and the equality of two views. */
import type { Flag, Item, Score } from "../events/delta.ts";
import type { RuleEvidence } from "./recount.ts";
import { atLeast, differsBy, type Evidence } from "./recount-choice.ts";
import { policyOf } from "./recount-policy.ts";
import type { Fraction, Settings } from "./settings.ts";
import type { EntitlementRow, RuleRow, View } from "./tables.ts";

/**
 * The conditions under which rules need not be propagated, checked for every rule: what breaks them, in words.
 * `entitlements` tell which application's override holds.
 */
export function checkEvidence(
  exactRules: readonly RuleRow[],
  evidence: Iterable<RuleEvidence>,
  settings: Settings,
  entitlements: readonly EntitlementRow[],
): string[] {
  const faults: string[] = [];
  const thresholds = new Map(entitlements.map((row) => [row.entitlement, policyOf(row, settings).recommendThreshold]));
  const published = new Map<string, RuleEvidence>();
  for (const rule of evidence) {
    if (published.has(ruleKey(rule))) faults.push(`${describeRule(rule)}: published twice`);
    published.set(ruleKey(rule), rule);
  }
  for (const rule of exactRules) {
    const told = published.get(ruleKey(rule));
    published.delete(ruleKey(rule));
    const threshold = thresholds.get(rule.entitlement) ?? settings.recommendThreshold;
    const fault = told === undefined ? "has no published evidence" : drift(rule, told, settings, threshold);
    if (fault !== null) faults.push(`${describeRule(rule)} ${fault}`);
  }
  for (const rule of published.values()) faults.push(`${describeRule(rule)}: published, but it is no rule`);
  return faults;
}

function drift(exact: Evidence, told: Evidence, settings: Settings, recommendThreshold: Fraction): string | null {
  const numbers = `is published as ${told.freqUnion} of ${told.freq}`;
  if (settings.materiality.numerator === 0) {
    return exact.freqUnion === told.freqUnion && exact.freq === told.freq ? null : numbers;
  }
  for (const edge of [settings.bandHigh, settings.bandMedium, recommendThreshold]) {
    if (atLeast(exact, edge) !== atLeast(told, edge)) {
      return `${numbers}, on the other side of ${edge.numerator}/${edge.denominator}`;
    }
  }
  if (differsBy(exact, told, settings.materiality)) return `${numbers}, a material difference`;
  const { numerator, denominator } = settings.materialitySupport;
  if (Math.abs(exact.freqUnion - told.freqUnion) * denominator > numerator * told.freqUnion) {
    return `${numbers}, a material difference of support`;
  }
  return null;
}

/** Where `got` is not `expected`, in words, at most `limit` of them; rows may stand in any order. */
export function compareViews(got: View, expected: View, limit: number): string[] {
  const differences: string[] = [];
  for (const [list, describe] of Object.entries(LISTS) as [keyof View, (view: View) => Iterable<Described>][]) {
    if (differences.length >= limit) break;
    differences.push(...compareLists(list, describe(got), describe(expected)));
  }
  return differences.slice(0, limit);
}

type Described = readonly [key: string, value: string];

const LISTS: { readonly [List in keyof View]: (view: View) => Described[] } = {
  itemsets: (view) => view.itemsets.map(({ items, freq }) => [describeItems(items), String(freq)]),
  rules: (view) => view.rules.map((rule) => [describePair(describeItems(rule.rule), rule), describeEvidence(rule)]),
  predictions: (view) => view.predictions.map((row) => [describePair(row.user, row), describeScore(row.score)]),
  recommendations: (view) => view.recommendations.map((row) => [describePair(row.user, row), describeScore(row.score)]),
  flags: (view) => view.flags.map((row) => [describePair(row.user, row), row.flags.map(describeFlag).join(" ")]),
};

function compareLists(list: string, got: Iterable<Described>, expected: Iterable<Described>): string[] {
  const differences: string[] = [];
  const missing = new Map(expected);
  const seen = new Set<string>();
  for (const [key, value] of got) {
    if (seen.has(key)) differences.push(`${list}: ${key} is there twice`);
    seen.add(key);
    const wanted = missing.get(key);
    missing.delete(key);
    if (wanted === undefined) differences.push(`${list}: ${key}: ${value}, expected none`);
    else if (wanted !== value) differences.push(`${list}: ${key}: ${value}, expected ${wanted}`);
  }
  for (const [key, value] of missing) differences.push(`${list}: ${key}: none, expected ${value}`);
  return differences;
}

function describePair(left: string, { entitlement }: { readonly entitlement: string }): string {
  return `${JSON.stringify(left)} → ${JSON.stringify(entitlement)}`;
}

function describeEvidence({ freqUnion, freq }: Evidence): string {
  return `${freqUnion} of ${freq}`;
}

function describeScore(score: Score): string {
  return `${describeItems(score.rule)} ${describeEvidence(score)}, ${score.band ?? "no"} band, ${score.reason ?? "scored"}`;
}

function describeFlag(flag: Flag): string {
  return flag.flag === "outlier" ? `${flag.flag} (${flag.type})` : flag.flag;
}

function describeRule(rule: RuleEvidence): string {
  return `rule ${describeItems(rule.rule)} → ${JSON.stringify(rule.entitlement)} (${describeEvidence(rule)})`;
}

function describeItems(items: readonly Item[]): string {
  return `[${items.map(({ attribute, value }) => `${JSON.stringify(attribute)}=${JSON.stringify(value)}`).join(", ")}]`;
}

/** No text contains U+0000. */
function ruleKey({ rule, entitlement }: { readonly rule: readonly Item[]; readonly entitlement: string }): string {
  return rule.reduce((key, { attribute, value }) => `${key}\u0000${attribute}\u0000${value}`, entitlement);
}
