/**
 * The tables as plain rows, and the view that they imply. The engine can write itself down in this form, the oracle
 * (`recount.ts`) computes from it, and `export` and `verify` print it. The exact view is a pure function of
 * (Tables, Settings); nothing else may enter it.
 */
import type { Flag, Item, Score } from "../events/delta.ts";

export interface IdentityRow {
  readonly user: string;
  /** unknown: attributes came, but no event ever made it active. */
  readonly state: "active" | "removed" | "unknown";
  readonly kind: string | null;
  /** Values of feature attributes, ordered by (attribute, value) in code points. */
  readonly items: readonly Item[];
  /** The items before the last change of any of them; empty when they never changed. */
  readonly previousItems: readonly Item[];
  /** Stamp of that last change (ms); null when they never changed. */
  readonly itemsChangedAt: number | null;
}

export interface AssignmentRow {
  readonly user: string;
  readonly entitlement: string;
  readonly held: boolean;
  /** Stamp of the membership register: when it was last granted or revoked (ms); -1: never. */
  readonly memberAt: number;
  readonly lastUsedAt: number | null;
  readonly expiresAt: number | null;
  /** Where the grant came from; `learning.exclude.sources` looks at it. */
  readonly source: string | null;
}

export interface EntitlementRow {
  readonly entitlement: string;
  readonly catalogued: boolean;
  readonly application: string | null;
  /** Its own tags and those of its application. */
  readonly tags: readonly string[];
  readonly requestable: boolean;
}

export interface Tables {
  /** Whole minutes since 1970; flags look at it. */
  readonly clockMinute: number;
  readonly identities: readonly IdentityRow[];
  readonly assignments: readonly AssignmentRow[];
  /** Every entitlement that the catalog or an assignment ever named. */
  readonly entitlements: readonly EntitlementRow[];
}

export interface ItemsetRow {
  readonly items: readonly Item[];
  readonly freq: number;
}
export interface RuleRow {
  readonly rule: readonly Item[];
  readonly entitlement: string;
  readonly freq: number;
  readonly freqUnion: number;
}
export interface PairScoreRow {
  readonly user: string;
  readonly entitlement: string;
  readonly score: Score;
}
export interface PairFlagsRow {
  readonly user: string;
  readonly entitlement: string;
  /** In the order of the union `Flag`. */
  readonly flags: readonly Flag[];
}

/** Rows in no particular order; at most one a pair in each list. */
export interface View {
  readonly itemsets: readonly ItemsetRow[];
  readonly rules: readonly RuleRow[];
  readonly predictions: readonly PairScoreRow[];
  readonly recommendations: readonly PairScoreRow[];
  readonly flags: readonly PairFlagsRow[];
}
