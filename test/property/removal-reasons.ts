/** Why a record is withdrawn, told from the tables and the exact view; so only where consumers know the exact view. */
import { policyOf } from "../../src/core/recount-policy.ts";
import type { Settings } from "../../src/core/settings.ts";
import type { EntitlementRow, IdentityRow, Tables, View } from "../../src/core/tables.ts";
import type { Delta, RecommendationRemovedReason } from "../../src/events/delta.ts";
import { pairKey } from "./keys.ts";

export function checkRemovalReasons(
  deltas: readonly Delta[],
  tables: Tables,
  settings: Settings,
  exactView: View,
): string[] {
  const removals = deltas.filter((delta) => delta.type.endsWith(".removed"));
  if (removals.length === 0) return [];
  const identities = new Map(tables.identities.map((row) => [row.user, row]));
  const entitlements = new Map(tables.entitlements.map((row) => [row.entitlement, row]));
  const held = new Set(tables.assignments.filter((row) => row.held).map((row) => pairKey(row.user, row.entitlement)));

  const reasonOf = (delta: Delta): string => {
    const identity = identities.get(delta.user);
    const isHeld = held.has(pairKey(delta.user, delta.entitlement));
    const isActive = identity?.state === "active";
    if (delta.type === "prediction.removed") return isHeld ? "left" : "revoked";
    if (delta.type === "flag.removed" && !isHeld) return "revoked";
    if (!isActive) return "left";
    if (delta.type === "flag.removed") return "cleared";
    if (isHeld) return "now-held";
    return whyNotRecommended(identity, entitlements.get(delta.entitlement)!, tables, settings, exactView);
  };
  return removals.flatMap((delta) => {
    const expected = reasonOf(delta);
    const { reason } = delta as Extract<Delta, { reason: string }>;
    return reason === expected
      ? []
      : [`${delta.type} ${pairKey(delta.user, delta.entitlement).text}: ${reason}, not ${expected}`];
  });
}

function whyNotRecommended(
  identity: IdentityRow,
  entitlement: EntitlementRow,
  tables: Tables,
  settings: Settings,
  exactView: View,
): RecommendationRemovedReason {
  const isKindExcluded = identity.kind !== null && settings.recommendExclude.kinds.includes(identity.kind);
  if (isKindExcluded || !policyOf(entitlement, settings).isRecommended) return "excluded";
  if (isBirthright(entitlement, tables, settings)) return "excluded";
  const items = new Set(identity.items.map((item) => JSON.stringify(item)));
  const hasRule = exactView.rules.some(
    (rule) =>
      rule.entitlement === entitlement.entitlement && rule.rule.every((item) => items.has(JSON.stringify(item))),
  );
  return hasRule ? "below-threshold" : "evidence-gone";
}

function isBirthright({ entitlement }: EntitlementRow, tables: Tables, settings: Settings): boolean {
  if (settings.birthrightAbove === null) return false;
  const active = new Set(tables.identities.filter(({ state }) => state === "active").map(({ user }) => user));
  const holders = tables.assignments.filter(
    (row) => row.held && row.entitlement === entitlement && active.has(row.user),
  );
  const { numerator, denominator } = settings.birthrightAbove;
  return holders.length * denominator > numerator * active.size;
}
