/** How often each branch that matters was taken, so that a run that tests nothing cannot pass. */
import { atLeast } from "../../src/core/recount-choice.ts";
import { policyOf } from "../../src/core/recount-policy.ts";
import type { Settings } from "../../src/core/settings.ts";
import type { EntitlementRow, RuleRow, Tables, View } from "../../src/core/tables.ts";
import type { Flag } from "../../src/events/delta.ts";
import type { InputEvent, Outcome } from "../../src/events/event.ts";
import type { Key } from "./keys.ts";
import { rulesOf } from "./same.ts";

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
  "implication ended",
] as const;
export type Branch = (typeof BRANCHES)[number];

/** What is counted of a view. */
interface Summary {
  readonly rules: ReadonlyMap<Key, RuleRow>;
  readonly excluded: number;
  readonly flags: Record<Flag["flag"], number>;
}

export class BranchCounts {
  readonly counts = new Map<Branch, number>(BRANCHES.map((branch) => [branch, 0]));

  drift = 0;
  /** Steps after which people waited to be counted. */
  countedLater = 0;
  readonly #summaries = new WeakMap<View, Summary>();

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
    const [told, found] = [this.#summaryOf(before), this.#summaryOf(now)];
    let kept = 0;
    for (const [key, rule] of found.rules) {
      const known = told.rules.get(key);
      if (known !== undefined) kept++;
      const { recommendThreshold } = policies.get(rule.entitlement)!;
      if (known === undefined) this.add("support crossing");
      else if (atLeast(known, recommendThreshold) !== atLeast(rule, recommendThreshold)) this.add("threshold crossing");
      if (known === undefined && overridden.has(rule.entitlement)) this.add("override");
    }
    this.add("support crossing", told.rules.size - kept);
    const more = (flag: Flag["flag"]): number => Math.max(0, found.flags[flag] - told.flags[flag]);
    this.add("exclusion", Math.abs(found.excluded - told.excluded));
    this.add("orphan", more("orphaned"));
    this.add("residue", more("residue-of-move"));
    this.add("due", more("stale-unused") + more("expired"));
  }

  /** Each view is looked at twice: when it comes, and when the next one does. */
  #summaryOf(view: View): Summary {
    const known = this.#summaries.get(view);
    if (known !== undefined) return known;
    const summary: Summary = {
      rules: rulesOf(view),
      excluded: view.predictions.filter(({ score }) => score.reason === "entitlement-excluded").length,
      flags: { outlier: 0, orphaned: 0, "residue-of-move": 0, "stale-unused": 0, expired: 0 },
    };
    for (const { flags } of view.flags) for (const { flag } of flags) summary.flags[flag]++;
    this.#summaries.set(view, summary);
    return summary;
  }

  /** Pairs of which consumers, told everything material, know something else than the exact view. */
  countDrift(pairs: number): void {
    this.drift += pairs;
  }
}

/** Those that would be treated otherwise without the overrides. */
function overriddenEntitlements(tables: Tables, settings: Settings): Set<string> {
  if (settings.overrides.length === 0) return new Set();
  const general = { ...settings, overrides: [] };
  const isOverridden = (row: EntitlementRow): boolean =>
    JSON.stringify(policyOf(row, settings)) !== JSON.stringify(policyOf(row, general));
  return new Set(tables.entitlements.filter(isOverridden).map(({ entitlement }) => entitlement));
}
