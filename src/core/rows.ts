/**
 * The rows that the engine gives away to be kept, and takes back on start. Ids are dense integers that the engine hands
 * out and never reuses; itemsets have no id outside the engine, a rule is written as the ids of its items.
 */

/** [id, user, registers]: `registers` is the engine's own JSON of everything known of the identity. */
export type UserRow = readonly [id: number, user: string, registers: string];
/** [id, entitlement, registers] */
export type EntitlementRow = readonly [id: number, entitlement: string, registers: string];
/** [application, registers] */
export type ApplicationRow = readonly [application: string, registers: string];
/** [id, attribute, value] */
export type ItemRow = readonly [id: number, attribute: string, value: string];
/**
 * [entitlement, user, flags, memberAt, lastUsedAt, extra]: ids; bits of the membership; ms, or -1 for never;
 * JSON of the rare fields or null.
 */
export type AssignmentRow = readonly [
  entitlement: number,
  user: number,
  flags: number,
  memberAt: number,
  lastUsedAt: number,
  extra: string | null,
];
/**
 * What consumers were last told of a pair: [entitlement, user, kind, rule, freqUnion, freq, band, reason, flags].
 * kind 0 none, 1 prediction, 2 recommendation; rule: item ids joined by a space, or ""; band and reason: small codes of
 * the engine; flags: bits. kind 0 and flags 0: nothing is published (the row is deleted).
 */
export type PublishedRow = readonly [
  entitlement: number,
  user: number,
  kind: number,
  rule: string,
  freqUnion: number,
  freq: number,
  band: number,
  reason: number,
  flags: number,
];

/**
 * [entitlement, rule, freqUnion, freq]: published evidence that differs from exact evidence; rule as item ids joined by a
 * space. Worth keeping, not needed: evidence that is lost starts exact, and some pairs are told anew.
 */
export type EvidenceRow = readonly [entitlement: number, rule: string, freqUnion: number, freq: number];

/** Everybody who has an item has another one, too (implications.ts). */
export type ImplicationRow = readonly [item: number, implied: number];

/** With it a restart tells hardly any pair anew. */
export interface KeptEvidence {
  readonly drifted: Iterable<EvidenceRow>;
  /** In force: because of them itemsets are left out, and have no evidence of their own. */
  readonly implications: Iterable<ImplicationRow>;
}

/** Many assignments as columns: index i of every array is one row. */
export interface AssignmentChunk {
  readonly entitlements: Uint32Array;
  readonly users: Uint32Array;
  readonly flags: Uint8Array;
  readonly memberAt: Float64Array;
  readonly lastUsedAt: Float64Array;
  /** `extra` of the few rows that have one, by index. */
  readonly extras: ReadonlyMap<number, string>;
}

/** Many published pairs as columns, as `PublishedRow`: index i of every array is one row. */
export interface PublishedChunk {
  readonly entitlements: Uint32Array;
  readonly users: Uint32Array;
  readonly kinds: Uint8Array;
  /** Places in `rules`. */
  readonly ruleAt: Uint32Array;
  /** Each rule once. */
  readonly rules: readonly string[];
  readonly freqUnions: Uint32Array;
  readonly freqs: Uint32Array;
  readonly bands: Uint8Array;
  readonly reasons: Uint8Array;
  readonly flags: Uint16Array;
}

export interface TableChanges {
  readonly users: readonly UserRow[];
  readonly entitlements: readonly EntitlementRow[];
  readonly applications: readonly ApplicationRow[];
  readonly items: readonly ItemRow[];
  /** Pairs that no row was ever given away of; a few of them are in `assignments`. */
  readonly newAssignments: readonly AssignmentChunk[];
  readonly assignments: readonly AssignmentRow[];
  readonly published: readonly PublishedRow[];
  /** Entitlements whose published pairs may still differ from the target view after this step. */
  readonly pendingMarked: readonly number[];
  readonly pendingCleared: readonly number[];
}
