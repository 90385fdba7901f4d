/** How often each branch that matters was taken, so that a run that tests nothing cannot pass. */
import { atLeast } from "../../src/core/recount-choice.ts";
import { policyOf } from "../../src/core/recount-policy.ts";
import type { Settings } from "../../src/core/settings.ts";
import type { EntitlementRow, RuleRow, Tables, View } from "../../src/core/tables.ts";
import type { Flag } from "../../src/events/delta.ts";
import type { InputEvent, Outcome } from "../../src/events/event.ts";

export const BRANCHES = [
  "late",
  "rejected",
  "orphan",
  "return",
  "multi-valued",
  "support crossing",
  "threshold crossing",
  "ripple split",
  "exclusion",
  "override",
  "residue",
  "due",
] as const;
export type Branch = (typeof BRANCHES)[number];

export class BranchCounts {
  readonly counts = new Map<Branch, number>(BRANCHES.map((branch) => [branch, 0]));

  drift = 0;

  add(branch: Branch, times = 1): void {
    this.counts.set(branch, this.counts.get(branch)! + times);
  }

  countOutcome(event: InputEvent, outcome: Outcome): void {
    if (outcome === "late") this.add("late");
    if (typeof outcome === "object") this.add("rejected");
    if (outcome !== "applied" || !("attributes" in event)) return;
    if (event.attributes.some(([, values]) => values.length > 1)) this.add("multi-valued");
  }

  countTables(before: Tables, now: Tables): void {
    const removed = new Set(before.identities.filter(({ state }) => state === "removed").map(({ user }) => user));
    this.add("return", now.identities.filter(({ user, state }) => state === "active" && removed.has(user)).length);
  }

  countView(before: View, now: View, settings: Settings, tables: Tables): void {
    const policies = new Map(tables.entitlements.map((row) => [row.entitlement, policyOf(row, settings)]));
    const overridden = overriddenEntitlements(tables, settings);
    const told = new Map(before.rules.map((rule) => [ruleKey(rule), rule]));
    for (const rule of now.rules) {
      const known = told.get(ruleKey(rule));
      told.delete(ruleKey(rule));
      const { recommendThreshold } = policies.get(rule.entitlement)!;
      if (known === undefined) this.add("support crossing");
      else if (atLeast(known, recommendThreshold) !== atLeast(rule, recommendThreshold)) this.add("threshold crossing");
      if (known === undefined && overridden.has(rule.entitlement)) this.add("override");
    }
    this.add("support crossing", told.size);
    const excluded = ({ predictions }: View): number =>
      predictions.filter(({ score }) => score.reason === "entitlement-excluded").length;
    this.add("exclusion", Math.abs(excluded(now) - excluded(before)));
    this.add("orphan", newly("orphaned", before, now));
    this.add("residue", newly("residue-of-move", before, now));
    this.add("due", newly("stale-unused", before, now) + newly("expired", before, now));
  }

  /** Pairs of which consumers, told everything material, know something else than the exact view. */
  countDrift(pairs: number): void {
    this.drift += pairs;
  }
}

/** Those that would be treated otherwise without the overrides. */
function overriddenEntitlements(tables: Tables, settings: Settings): Set<string> {
  const general = { ...settings, overrides: [] };
  const isOverridden = (row: EntitlementRow): boolean =>
    JSON.stringify(policyOf(row, settings)) !== JSON.stringify(policyOf(row, general));
  return new Set(tables.entitlements.filter(isOverridden).map(({ entitlement }) => entitlement));
}

function newly(flag: Flag["flag"], before: View, now: View): number {
  const count = ({ flags }: View): number =>
    flags.filter((row) => row.flags.some((raised) => raised.flag === flag)).length;
  return Math.max(0, count(now) - count(before));
}

function ruleKey({ rule, entitlement }: RuleRow): string {
  return rule.reduce((key, { attribute, value }) => `${key}\u0000${attribute}\u0000${value}`, entitlement);
}
