/** Records → the events of a step. Every record ends up in exactly one of: events, rejects, duplicates. */
import type { Outcome, StepEvent } from "../core/engine.ts";
import { decodeRecord } from "../events/decode.ts";
import type { RejectReason } from "../events/event.ts";
import type { SchemaTable } from "../events/schema-table.ts";
import type { InputCounts, Store } from "../state/store.ts";
import type { InputRecord } from "../transport/transport.ts";

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
  /** Events whose id was seen before, within `dedupDays` or in this batch. They do not reach the engine. */
  readonly duplicates: number;
}

export async function readBatch(records: readonly InputRecord[], schemas: SchemaTable, store: Store): Promise<Batch> {
  const decoded: { event: StepEvent; origin: InputRecord }[] = [];
  const rejects: Reject[] = [];
  for (const record of records) {
    const result = decodeRecord(record, schemas);
    if ("reject" in result) rejects.push({ record, reason: result.reject });
    else
      for (const event of result.events)
        decoded.push({ event: { event, recordAtMs: record.timestampMs }, origin: record });
  }
  const fresh = await withoutSeen(decoded, store);
  return {
    records,
    events: fresh.map(({ event }) => event),
    origins: fresh.map(({ origin }) => origin),
    rejects,
    duplicates: decoded.length - fresh.length,
  };
}

async function withoutSeen<T extends { readonly event: StepEvent }>(decoded: readonly T[], store: Store): Promise<T[]> {
  const ids = new Set(decoded.flatMap(({ event }) => event.event.id ?? []));
  const seen = new Set(ids.size === 0 ? [] : await store.seenEvents([...ids]));
  return decoded.filter(({ event: { event } }) => {
    if (event.id === undefined) return true;
    if (seen.has(event.id)) return false;
    seen.add(event.id);
    return true;
  });
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

/** Ids to be remembered. That of a refused event is not: the producer may send it again, mended. */
export function eventIdsOf(batch: Batch, outcomes: readonly Outcome[]): string[] {
  return batch.events.flatMap(({ event }, i) => (typeof outcomes[i] === "string" ? (event.id ?? []) : []));
}

/** in = applied + unchanged + late + rejected, where in = events + records that decoding refused. */
export function countsOf(batch: Batch, outcomes: readonly Outcome[]): InputCounts {
  const counts = { applied: 0, unchanged: batch.duplicates, late: 0, rejected: batch.rejects.length };
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
