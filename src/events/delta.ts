/**
 * What the engine says: the net changes of the published view. One delta a pair and topic in a step.
 * Counts are people, never rows. `confidence` = freqUnion / freq is computed where a delta is written down.
 */

export interface Item {
  readonly attribute: string;
  readonly value: string;
}

export type Band = "high" | "medium" | "low";

/** Why an assignment is not scored; the first that holds, in this order. */
export type NotScoredReason = "entitlement-excluded" | "no-attributes" | "group-too-small" | "too-few-holders";

/** The chosen rule with its evidence; not scored: `rule` empty, numbers 0, `band` null and a `reason`. */
export interface Score {
  readonly rule: readonly Item[];
  readonly freqUnion: number;
  readonly freq: number;
  readonly band: Band | null;
  readonly reason: NotScoredReason | null;
}

export type Flag =
  | { readonly flag: "outlier"; readonly type: "low" | "rare" }
  | { readonly flag: "orphaned" }
  | { readonly flag: "residue-of-move" }
  | { readonly flag: "stale-unused" }
  | { readonly flag: "expired" };

export type PredictionRemovedReason = "revoked" | "left";
export type RecommendationRemovedReason =
  | "evidence-gone"
  | "below-threshold"
  | "now-held"
  | "excluded"
  | "suppressed"
  | "left";

interface PairDelta {
  readonly user: string;
  readonly entitlement: string;
  /** Id of the event that named this pair, where one did. */
  readonly cause: string | null;
}

export interface PredictionUpserted extends PairDelta {
  readonly type: "prediction.upserted";
  readonly score: Score;
  readonly previous: Score | null;
}
export interface PredictionRemoved extends PairDelta {
  readonly type: "prediction.removed";
  readonly reason: PredictionRemovedReason;
}
export interface RecommendationUpserted extends PairDelta {
  readonly type: "recommendation.upserted";
  readonly score: Score;
  readonly previous: Score | null;
}
export interface RecommendationRemoved extends PairDelta {
  readonly type: "recommendation.removed";
  readonly reason: RecommendationRemovedReason;
}
/** All flags of the pair as they now stand. */
export interface FlagUpserted extends PairDelta {
  readonly type: "flag.upserted";
  readonly flags: readonly Flag[];
  readonly previous: readonly Flag[];
}
/** No flag of the pair is left. */
export interface FlagRemoved extends PairDelta {
  readonly type: "flag.removed";
  readonly reason: "cleared" | "revoked" | "left";
}

export type Delta =
  | PredictionUpserted
  | PredictionRemoved
  | RecommendationUpserted
  | RecommendationRemoved
  | FlagUpserted
  | FlagRemoved;
