/**
 * The incremental engine. (Contract first; the implementation follows.)
 */
import type { Delta } from "../events/delta.ts";
import type { InputEvent, RejectReason } from "../events/event.ts";
import type {
  ApplicationRow,
  AssignmentChunk,
  EntitlementRow,
  ItemRow,
  PublishedRow,
  TableChanges,
  UserRow,
} from "./rows.ts";
import type { Settings } from "./settings.ts";
import type { Tables, View } from "./tables.ts";

export interface StepEvent {
  readonly event: InputEvent;
  /** When the record was written (ms): the stamp of an event without `at`. */
  readonly recordAtMs: number;
}

export interface StepInput {
  /** Whole minutes since 1970; a lower one than before is raised to the one before. */
  readonly clockMinute: number;
  readonly events: readonly StepEvent[];
  /** Most deltas of the ripple and the pending sweep; the direct lane is always whole. At least 1. */
  readonly budgetRecords: number;
  /** true: change the tables only; the next step without it builds the view by the batch path. */
  readonly catchUp?: boolean;
}

/** What became of an event: a field changed; nothing changed; older than all it names; or refused. */
export type Outcome = "applied" | "unchanged" | "late" | RejectReason;

export interface StepResult {
  /** One for each event, in order. */
  readonly outcomes: readonly Outcome[];
  readonly deltas: readonly Delta[];
  readonly changes: TableChanges;
  readonly clockMinute: number;
}

export declare class Engine {
  constructor(settings: Settings);
  /** Loading, in this order, before the first step: items, applications, entitlements, users, assignments, published. */
  loadItems(rows: readonly ItemRow[]): void;
  loadApplications(rows: readonly ApplicationRow[]): void;
  loadEntitlements(rows: readonly EntitlementRow[]): void;
  loadUsers(rows: readonly UserRow[]): void;
  loadAssignments(chunk: AssignmentChunk): void;
  loadPublished(rows: readonly PublishedRow[]): void;
  /** Ends loading: builds the counters from the tables and restores published evidence; what differs is pending. */
  start(clockMinute: number): void;
  step(input: StepInput): StepResult;
  /** Makes all published evidence exact; what differs is pending. Takes effect with the next steps. */
  reconcile(): void;
  /** Entitlements with pairs that may differ from the target view. 0 = quiet. */
  pendingCount(): number;
  tables(): Tables;
  exactView(): View;
  /** The sum of all deltas so far; `itemsets` and `rules` are empty. */
  publishedView(): View;
}
