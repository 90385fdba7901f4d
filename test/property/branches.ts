/** How often each branch that matters was taken, so that a run that tests nothing cannot pass. */
import type { Outcome } from "../../src/core/engine.ts";
import { atLeast } from "../../src/core/recount-choice.ts";
import { policyOf } from "../../src/core/recount-policy.ts";
import type { Settings } from "../../src/core/settings.ts";
import type { RuleRow, Tables, View } from "../../src/core/tables.ts";
import type { InputEvent } from "../../src/events/event.ts";

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
] as const;
export type Branch = (typeof BRANCHES)[number];

export class BranchCounts {
  readonly counts = new Map<Branch, number>(BRANCHES.map((branch) => [branch, 0]));

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
    const general = { ...settings, overrides: [] };
    const generally = new Map(tables.entitlements.map((row) => [row.entitlement, policyOf(row, general)]));
    const told = new Map(before.rules.map((rule) => [ruleKey(rule), rule]));
    for (const rule of now.rules) {
      const known = told.get(ruleKey(rule));
      told.delete(ruleKey(rule));
      const { recommendThreshold, minSupport } = policies.get(rule.entitlement)!;
      if (known === undefined) this.add("support crossing");
      else if (atLeast(known, recommendThreshold) !== atLeast(rule, recommendThreshold)) this.add("threshold crossing");
      const { minSupport: usual, isLearned } = generally.get(rule.entitlement)!;
      const isOverridden = minSupport !== usual || !isLearned;
      if (isOverridden && known === undefined) this.add("override");
    }
    this.add("support crossing", told.size);
    const excluded = ({ predictions }: View): number =>
      predictions.filter(({ score }) => score.reason === "entitlement-excluded").length;
    this.add("exclusion", Math.abs(excluded(now) - excluded(before)));
    this.add("orphan", Math.max(0, orphans(now) - orphans(before)));
  }
}

function orphans({ flags }: View): number {
  return flags.filter((row) => row.flags.some(({ flag }) => flag === "orphaned")).length;
}

function ruleKey({ rule, entitlement }: RuleRow): string {
  return JSON.stringify([entitlement, ...rule.map(({ attribute, value }) => [attribute, value])]);
}
