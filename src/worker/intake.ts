/** Records → the events of a step. Every record ends up in exactly one of: events, rejects. */
import type { StepEvent } from "../core/engine.ts";
import { decodeRecord } from "../events/decode.ts";
import type { Outcome, RejectReason } from "../events/event.ts";
import { recordTime } from "../events/record-time.ts";
import type { SchemaTable } from "../events/schema-table.ts";
import type { EventId, InputCounts, Store } from "../state/store.ts";
import type { InputRecord } from "../transport/transport.ts";
import { minuteOf } from "./clock.ts";
import { EventIds } from "./event-ids.ts";

/** An input record that was not taken, and why. */
export interface Reject {
  readonly record: InputRecord;
  readonly reason: RejectReason;
}

export interface Batch {
  readonly records: readonly InputRecord[];
  readonly events: readonly StepEvent[];
  /** The record that each event came in. */
  readonly origins: readonly InputRecord[];
  /** Records that decoding refused. */
  readonly rejects: readonly Reject[];
  readonly ids: EventIds;
}

/** `dedupDays`: 0 for none. */
export async function readBatch(
  records: readonly InputRecord[],
  schemas: SchemaTable,
  store: Store,
  dedupDays: number,
): Promise<Batch> {
  const events: StepEvent[] = [];
  const origins: InputRecord[] = [];
  const ids: (EventId | null)[] = [];
  const rejects: Reject[] = [];
  for (const record of records) {
    const result = decodeRecord(record, schemas);
    if ("reject" in result) rejects.push({ record, reason: result.reject });
    else
      for (const event of result.events) {
        events.push({ event, recordAtMs: recordTime(record) });
        origins.push(record);
        ids.push(event.id === undefined || dedupDays === 0 ? null : [event.id, minuteOf(record.timestampMs)]);
      }
  }
  const named = new Set(ids.flatMap((id) => id?.[0] ?? []));
  const seen = named.size === 0 ? new Map<string, number>() : await store.seenEvents([...named]);
  return { records, events, origins, rejects, ids: new EventIds(ids, seen, dedupDays) };
}

/** Rejects of decoding and of the engine, one a record, in the order of the records. */
export function rejectsOf(batch: Batch, outcomes: readonly Outcome[]): Reject[] {
  const byRecord = new Map<InputRecord, Reject>(batch.rejects.map((reject) => [reject.record, reject]));
  outcomes.forEach((outcome, i) => {
    const record = batch.origins[i];
    if (typeof outcome !== "string" && record && !byRecord.has(record))
      byRecord.set(record, { record, reason: outcome });
  });
  return batch.records.flatMap((record) => byRecord.get(record) ?? []);
}

/** in = applied + unchanged + late + rejected, where in = events + records that decoding refused. */
export function countsOf(batch: Batch, outcomes: readonly Outcome[]): InputCounts {
  const counts = { applied: 0, unchanged: 0, late: 0, rejected: batch.rejects.length };
  for (const outcome of outcomes) counts[typeof outcome === "string" ? outcome : "rejected"]++;
  return counts;
}

export function addCounts(a: InputCounts, b: InputCounts): InputCounts {
  return {
    applied: a.applied + b.applied,
    unchanged: a.unchanged + b.unchanged,
    late: a.late + b.late,
    rejected: a.rejected + b.rejected,
  };
}
