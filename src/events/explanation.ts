/** A score in words, for people who have to act on it. */
import { unreachable } from "../errors.ts";
import type { Item, NotScoredReason, Score } from "./delta.ts";

/** "5 of 6 people with CITY San Jose have Payroll Report", or why there is no score. */
export function explanation(score: Score, entitlement: string, rule: string = ruleInWords(score.rule)): string {
  if (score.reason !== null) return `not scored: ${notScored(score.reason, entitlement)}`;
  return `${score.freqUnion} of ${score.freq} people with ${rule} have ${entitlement}`;
}

/** "CITY San Jose, DEPT Finance and GRADE 7" */
export function ruleInWords(rule: readonly Item[]): string {
  const items = rule.map((item) => `${item.attribute} ${item.value}`);
  const last = items.pop() ?? "";
  return items.length === 0 ? last : `${items.join(", ")} and ${last}`;
}

function notScored(reason: NotScoredReason, entitlement: string): string {
  switch (reason) {
    case "entitlement-excluded":
      return `nothing is learned about ${entitlement}`;
    case "no-attributes":
      return "the person has no attributes to compare";
    case "group-too-small":
      return "too few people share any attribute with this person";
    case "too-few-holders":
      return `too few people like this one have ${entitlement}`;
    default:
      return unreachable(reason);
  }
}
