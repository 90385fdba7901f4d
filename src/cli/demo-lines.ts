/** Events and deltas as lines that a person can read while they pass. */
import { unreachable } from "../errors.ts";
import type { Delta, Flag, RecommendationRemovedReason, Score } from "../events/delta.ts";
import type { Attribute, InputEvent } from "../events/event.ts";
import { explanation } from "../events/explanation.ts";

/** What happened, or null for what happens all the time. */
export function eventLine(event: InputEvent): string | null {
  switch (event.type) {
    case "identity.upserted":
      return `> ${event.user} joins: ${attributesInWords(event.attributes)}`;
    case "identity.changed":
      return `> ${event.user} moves: ${attributesInWords(event.attributes)}`;
    case "identity.removed":
      return `> ${event.user} leaves`;
    case "assignment.granted":
      return `> ${event.user} is granted ${event.entitlement}`;
    case "assignment.revoked":
      return `> ${event.user} loses ${event.entitlement}`;
    default:
      return null;
  }
}

/** What follows from it, or null where nobody would look up. */
export function deltaLine(delta: Delta): string | null {
  const pair = `${delta.entitlement} to ${delta.user}`;
  switch (delta.type) {
    case "recommendation.upserted":
      if (delta.previous !== null) return null;
      return `+ recommend ${pair}: ${evidence(delta.score, delta.entitlement)}`;
    case "recommendation.removed":
      return `- no longer recommend ${pair}: ${WHY_NOT[delta.reason]}`;
    case "prediction.upserted":
      return bandLine(delta.user, delta.entitlement, delta.previous, delta.score);
    case "flag.upserted": {
      const raised = delta.flags.filter((flag) => !delta.previous.some((before) => before.flag === flag.flag));
      return raised.length === 0
        ? null
        : `! ${delta.entitlement} of ${delta.user}: ${raised.map(flagInWords).join(", ")}`;
    }
    case "prediction.removed":
    case "flag.removed":
      return null;
    default:
      return unreachable(delta);
  }
}

function bandLine(user: string, entitlement: string, previous: Score | null, score: Score): string | null {
  if (!previous?.band || score.band === null || previous.band === score.band) return null;
  const direction = percent(score) > percent(previous) ? "rises" : "falls";
  return `~ ${user}'s ${entitlement} ${direction} from ${previous.band} to ${score.band}: ${evidence(score, entitlement)}`;
}

/** "5 of 6 people with CITY San Jose have it, 83 %" */
function evidence(score: Score, entitlement: string): string {
  const words = explanation(score, entitlement);
  const full = ` have ${entitlement}`;
  return `${words.endsWith(full) ? `${words.slice(0, -full.length)} have it` : words}, ${percent(score)} %`;
}

function percent({ freqUnion, freq }: Score): number {
  return freq === 0 ? 0 : Math.floor((100 * freqUnion) / freq);
}

function attributesInWords(attributes: readonly Attribute[]): string {
  return attributes.map(([name, values]) => `${name} ${values.join(" + ") || "none"}`).join(", ");
}

function flagInWords(flag: Flag): string {
  switch (flag.flag) {
    case "outlier":
      return flag.type === "low" ? "outlier, few people like them have it" : "outlier, hardly anybody like them has it";
    case "orphaned":
      return "orphaned, its owner is gone";
    case "residue-of-move":
      return "residue of a move, it fitted the old place";
    case "stale-unused":
      return "not used for a long time";
    case "expired":
      return "expired";
    default:
      return unreachable(flag);
  }
}

const WHY_NOT: Readonly<Record<RecommendationRemovedReason, string>> = {
  "evidence-gone": "too few people like them have it",
  "below-threshold": "the share of people like them who have it fell",
  "now-held": "they have it now",
  excluded: "it is excluded",
  suppressed: "it is suppressed",
  left: "they left",
};
