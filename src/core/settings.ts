/**
 * The settings that change results, in the form the core computes with: integers and fractions of integers.
 * A digest of them is stored with the state; see docs/ARCHITECTURE.md, "Configuration that changes results".
 */

/** A decimal setting as an exact fraction: 0.05 is 5/100. */
export interface Fraction {
  readonly numerator: number;
  readonly denominator: number;
}

/** A set of things named by what they are; a thing belongs to it when any of the lists names it. */
export interface Exclusion {
  /** Grants with one of these `source`s (learning only). */
  readonly sources: readonly string[];
  /** Identities of one of these `kind`s. */
  readonly kinds: readonly string[];
  /** Entitlements that carry one of these tags, themselves or through their application. */
  readonly tags: readonly string[];
  readonly applications: readonly string[];
  readonly entitlements: readonly string[];
}

/** Settings of one application or one entitlement that differ from the general ones. The entitlement's win. */
export interface Override {
  readonly application: string | null;
  readonly entitlement: string | null;
  readonly minSupport: number | null;
  readonly recommendThreshold: Fraction | null;
  /** true: nothing is learned about it; false: it is learned although the general exclusion names it. */
  readonly excludeLearning: boolean | null;
  /** true: it is never recommended; false: it may be although the general exclusion names it. */
  readonly excludeRecommend: boolean | null;
}

export interface Settings {
  /** Attributes that give items; null: every attribute does. */
  readonly features: readonly string[] | null;
  /** Most items in an itemset, 1 to 4. */
  readonly maxRuleLength: number;
  /** Least freq of a frequent itemset and least freqUnion of a rule. */
  readonly minSupport: number;
  readonly confidenceWindow: Fraction;
  readonly recommendThreshold: Fraction;
  readonly bandHigh: Fraction;
  readonly bandMedium: Fraction;
  /** 0: every change of evidence is published. */
  readonly materiality: Fraction;
  readonly materialitySupport: Fraction;
  readonly learningExclude: Exclusion;
  readonly recommendExclude: Exclusion;
  /** An entitlement held by more than this share of all active identities is not recommended; null: off. */
  readonly birthrightAbove: Fraction | null;
  readonly overrides: readonly Override[];
  readonly unusedAfterDays: number;
}

export const NO_EXCLUSION: Exclusion = { sources: [], kinds: [], tags: [], applications: [], entitlements: [] };

export const DEFAULT_SETTINGS: Settings = {
  features: null,
  maxRuleLength: 3,
  minSupport: 3,
  confidenceWindow: { numerator: 5, denominator: 100 },
  recommendThreshold: { numerator: 80, denominator: 100 },
  bandHigh: { numerator: 75, denominator: 100 },
  bandMedium: { numerator: 35, denominator: 100 },
  materiality: { numerator: 1, denominator: 100 },
  materialitySupport: { numerator: 10, denominator: 100 },
  learningExclude: { ...NO_EXCLUSION, sources: ["exception", "break-glass", "security"] },
  recommendExclude: NO_EXCLUSION,
  birthrightAbove: null,
  overrides: [],
  unusedAfterDays: 90,
};

/** An assignment of an identity nobody has heard of is orphaned only after this long. */
export const UNKNOWN_IDENTITY_GRACE_MS: number = 24 * 3_600_000;
/** An event that tells of a time further ahead of its record's than this is rejected. */
export const AHEAD_OF_RECORD_MAX_MS: number = 10 * 60_000;
/** Most items an identity may have. */
export const IDENTITY_ITEMS_MAX = 32;
