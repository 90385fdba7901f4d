/**
 * The events that come in, after decoding. Decoding has already made them canonical:
 *  1. every string is well-formed Unicode without U+0000 and at most 1,024 bytes of UTF-8;
 *  2. times are whole milliseconds since 1970 (UTC);
 *  3. attribute values are texts (7 and "7" are both "7"; true is "true"), distinct, without null and empty;
 *  4. an optional field that the record left out is absent; one that it set to null is null.
 */

/** One attribute as an event names it. No values = the attribute is null or empty: it gives no item. */
export type Attribute = readonly [name: string, values: readonly string[]];

export interface EventBase {
  /** The producer's id of this event; repeats within `dedupDays` are dropped. */
  readonly id?: string;
  /** When it happened, ms since 1970. Absent: it happened when its record was written. */
  readonly at?: number;
}

export interface IdentityFields {
  readonly kind?: string | null;
  readonly name?: string | null;
  readonly email?: string | null;
  readonly manager?: string | null;
  readonly company?: string | null;
  readonly endsAt?: number | null;
  readonly lastLoginAt?: number | null;
}

/** Joiner, or a full image: what it leaves out falls to its default. */
export interface IdentityUpserted extends EventBase, IdentityFields {
  readonly type: "identity.upserted";
  readonly user: string;
  readonly attributes: readonly Attribute[];
}

/** Mover: names only what changed. */
export interface IdentityChanged extends EventBase, IdentityFields {
  readonly type: "identity.changed";
  readonly user: string;
  readonly attributes: readonly Attribute[];
}

/** Leaver. */
export interface IdentityRemoved extends EventBase {
  readonly type: "identity.removed";
  readonly user: string;
}

export interface AssignmentGranted extends EventBase {
  readonly type: "assignment.granted";
  readonly user: string;
  readonly entitlement: string;
  readonly highRisk?: boolean | null;
  readonly lastUsedAt?: number | null;
  readonly expiresAt?: number | null;
  readonly grantedBy?: string | null;
  readonly source?: string | null;
  readonly decisionId?: string | null;
}

export interface AssignmentRevoked extends EventBase {
  readonly type: "assignment.revoked";
  readonly user: string;
  readonly entitlement: string;
}

export interface AssignmentUsed extends EventBase {
  readonly type: "assignment.used";
  readonly user: string;
  readonly entitlement: string;
}

export type RiskLevel = "low" | "medium" | "high" | "critical";

/** A full image of a catalog entry: what it leaves out falls to its default. */
export interface EntitlementUpserted extends EventBase {
  readonly type: "entitlement.upserted";
  readonly entitlement: string;
  readonly name?: string | null;
  readonly application?: string | null;
  readonly applicationId?: string | null;
  readonly owner?: string | null;
  readonly risk?: RiskLevel | null;
  readonly tags?: readonly string[] | null;
  readonly requestable?: boolean | null;
}

export interface EntitlementRemoved extends EventBase {
  readonly type: "entitlement.removed";
  readonly entitlement: string;
}

export interface ApplicationUpserted extends EventBase {
  readonly type: "application.upserted";
  readonly application: string;
  readonly name?: string | null;
  readonly owner?: string | null;
  readonly legacy?: boolean | null;
  readonly tags?: readonly string[] | null;
}

/** Moves time forward, so that a file can replay it. */
export interface ClockTicked extends EventBase {
  readonly type: "clock.ticked";
  readonly at: number;
}

/** Requests, decisions and acknowledgements: understood and kept in the input log; governance will act on them. */
export interface GovernanceEvent extends EventBase {
  readonly type:
    | "access.requested"
    | "access.appealed"
    | "access.broken-glass"
    | "decision.recorded"
    | "action.acknowledged"
    | "action.completed"
    | "action.failed";
}

/** Brackets of a bulk reload, one on every partition of the topic that it reloads. */
export interface SnapshotEvent extends EventBase {
  readonly type: "snapshot.started" | "snapshot.completed";
  readonly snapshot: string;
  readonly source: string;
  readonly kind: string;
  readonly rows: number;
  readonly mode: "merge" | "replace";
}

/**
 * Many `assignment.granted` without id and time and without anything rare: index i of every array of numbers is one, in
 * their order.
 */
export interface AssignmentGrants {
  /** Each once, in the order in which they first come. */
  readonly users: readonly string[];
  readonly entitlements: readonly string[];
  /** Places in `users` and `entitlements`. */
  readonly userAt: Uint32Array;
  readonly entitlementAt: Uint32Array;
  /** `highRisk`: 0 null, 1 false, 2 true. */
  readonly highRisk: Uint8Array;
  /** ms since 1970; -1: null. */
  readonly lastUsedAt: Float64Array;
}

export type IdentityEvent = IdentityUpserted | IdentityChanged | IdentityRemoved;
export type AssignmentEvent = AssignmentGranted | AssignmentRevoked | AssignmentUsed;
export type CatalogEvent = EntitlementUpserted | EntitlementRemoved | ApplicationUpserted;
export type InputEvent = IdentityEvent | AssignmentEvent | CatalogEvent | ClockTicked | GovernanceEvent | SnapshotEvent;

/** Why a record was not taken: which field, and what was expected there. */
export interface RejectReason {
  /** Path of the field, e.g. `attributes.CITY`; empty when the whole record is meant. */
  readonly field: string;
  readonly expectation: string;
}

/** What became of an event: a field changed; nothing changed; older than all it names; or refused. */
export type Outcome = "applied" | "unchanged" | "late" | RejectReason;

/** What decoding makes of one record. It never throws. */
export type Decoded = { readonly events: readonly InputEvent[] } | { readonly reject: RejectReason };
