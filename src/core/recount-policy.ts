/** What the settings say about one entitlement, for the oracle. An entitlement's override beats its application's. */
import type { Exclusion, Fraction, Override, Settings } from "./settings.ts";
import type { EntitlementRow } from "./tables.ts";

export interface EntitlementPolicy {
  readonly minSupport: number;
  readonly recommendThreshold: Fraction;
  /** false: it has no rules at all. */
  readonly isLearned: boolean;
  /** false: nobody is recommended it, whatever the evidence. */
  readonly isRecommended: boolean;
}

export function policyOf(entitlement: EntitlementRow, settings: Settings): EntitlementPolicy {
  const own = settings.overrides.find((override) => override.entitlement === entitlement.entitlement);
  const ofApplication = settings.overrides.find(
    (override) =>
      override.entitlement === null &&
      override.application !== null &&
      override.application === entitlement.application,
  );
  const setting = <Key extends keyof Override>(key: Key): Override[Key] | null =>
    own?.[key] ?? ofApplication?.[key] ?? null;
  return {
    minSupport: setting("minSupport") ?? settings.minSupport,
    recommendThreshold: setting("recommendThreshold") ?? settings.recommendThreshold,
    isLearned: !(setting("excludeLearning") ?? isNamed(entitlement, settings.learningExclude)),
    isRecommended:
      entitlement.requestable && !(setting("excludeRecommend") ?? isNamed(entitlement, settings.recommendExclude)),
  };
}

function isNamed(entitlement: EntitlementRow, exclusion: Exclusion): boolean {
  return (
    exclusion.entitlements.includes(entitlement.entitlement) ||
    (entitlement.application !== null && exclusion.applications.includes(entitlement.application)) ||
    entitlement.tags.some((tag) => exclusion.tags.includes(tag))
  );
}
