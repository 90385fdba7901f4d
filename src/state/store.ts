/**
 * What must survive. One transaction a step: the table changes, the input positions, the clock, the published view,
 * the pending sweep and the outbox, or nothing of it.
 *
 * Duties of an implementation
 *  1. `commit` is atomic and durable (fsync) when it resolves; when it rejects, but for `mayCommit`, the process must end
 *     and start again.
 *  2. `commit` checks in the same transaction that the epoch is still its own, and rejects with AppError("fenced") if not.
 *  3. Ids are the engine's: dense, never reused. Texts come back exactly as given.
 *  4. `commit` takes the step number as it is: while inputs are replayed (recovery), commits keep the number that the
 *     head has, or lower it. They bring no outbox, and drop the one of a higher step when `publishedStep` says so.
 *  5. Reading (`load…`) is in bulk and in chunks: a company of millions never stands in memory twice.
 */
import type {
  ApplicationRow,
  AssignmentChunk,
  AssignmentRow,
  EntitlementRow,
  ItemRow,
  PublishedChunk,
  PublishedRow,
  UserRow,
} from "../core/rows.ts";
import type { Positions } from "../transport/transport.ts";

export interface InputCounts {
  readonly applied: number;
  readonly unchanged: number;
  readonly late: number;
  readonly rejected: number;
}

export interface StepHead {
  readonly epoch: number;
  readonly step: number;
  readonly clockMinute: number;
  readonly positions: Positions;
  /** Totals since the state began. */
  readonly counts: InputCounts;
}

/** A step that is fixed but perhaps not yet published. Sent again verbatim after a crash. */
export interface Outbox {
  readonly step: number;
  readonly epoch: number;
  /** Encoded records (transport/frames.ts), each chunk at most 256 KiB. */
  readonly chunks: readonly Uint8Array[];
  /** The progress record, fixed with the step. */
  readonly progress: Uint8Array;
  readonly positions: Positions;
}

/** An event's id, and the minute of the record that it came in (since 1970). */
export type EventId = readonly [id: string, minute: number];

export interface StepCommit extends StepHead {
  readonly users: readonly UserRow[];
  readonly entitlements: readonly EntitlementRow[];
  readonly applications: readonly ApplicationRow[];
  readonly items: readonly ItemRow[];
  readonly newAssignments: readonly AssignmentChunk[];
  readonly assignments: readonly AssignmentRow[];
  readonly published: readonly PublishedRow[];
  /** Entitlements (ids) whose pairs still differ from the target view; replaces the stored marks of these ids. */
  readonly pendingMarked: readonly number[];
  readonly pendingCleared: readonly number[];
  /** Event ids of this step; the minute of an id that was seen before is replaced. */
  readonly eventIds: readonly EventId[];
  /** Event ids with a minute below this are forgotten now. */
  readonly forgetEventsBefore: number;
  /** Every outbox up to this step is published: drop it. */
  readonly publishedStep: number;
  /**
   * null: the step publishes nothing (replay of inputs that were published before). It may be made when first asked for,
   * and cannot be made when the topics would refuse it: then nothing of the step is committed.
   */
  readonly outbox: Outbox | null;
}

/** Small facts about the state, read on start. */
export interface StoredHead extends StepHead {
  readonly engine: string;
  /** Digest of the settings the state was computed with; null before the first step. */
  readonly configDigest: string | null;
  readonly outbox: Outbox | null;
  readonly pending: readonly number[];
  /** The last process did not close the state: `open` has run an integrity check. */
  readonly uncleanEnd: boolean;
}

export interface Store {
  /** null for a state that no step has been committed to yet. */
  readHead(): Promise<StoredHead | null>;
  /** First use, or a new epoch after recovery; also records the digest of the settings. */
  beginEpoch(engine: string, epoch: number, configDigest: string): Promise<void>;
  loadUsers(take: (rows: readonly UserRow[]) => void): Promise<void>;
  loadEntitlements(take: (rows: readonly EntitlementRow[]) => void): Promise<void>;
  loadApplications(take: (rows: readonly ApplicationRow[]) => void): Promise<void>;
  loadItems(take: (rows: readonly ItemRow[]) => void): Promise<void>;
  /** A pair may come twice; then the later row is the one that stands. */
  loadAssignments(take: (chunk: AssignmentChunk) => void): Promise<void>;
  loadPublished(take: (chunk: PublishedChunk) => void): Promise<void>;
  /** Those of these event ids that are remembered, each with its minute. */
  seenEvents(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /**
   * All of the step or nothing. It is written at once, but takes effect only after `mayCommit`: when that is rejected nothing
   * of it does, this rejects with the same error, and the store is as before.
   */
  commit(step: StepCommit, mayCommit?: Promise<unknown>): Promise<void>;
  /** Marks a clean end and releases the lock. */
  close(): Promise<void>;
}
