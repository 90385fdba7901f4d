/** Records → the events of a step. Every record ends up in exactly one of: events, rejects, duplicates. */
import type { StepEvent } from "../core/engine.ts";
import { decodeRecord } from "../events/decode.ts";
import type { Outcome, RejectReason } from "../events/event.ts";
import type { SchemaTable } from "../events/schema-table.ts";
import type { EventId, InputCounts, Store } from "../state/store.ts";
import type { InputRecord } from "../transport/transport.ts";
import { minuteOf } from "./clock.ts";
import { isRepeat } from "./event-ids.ts";

/** An input record that was not taken, and why. */
export interface Reject {
  readonly record: InputRecord;
  readonly reason: RejectReason;
}

interface Decoded {
  readonly event: StepEvent;
  readonly origin: InputRecord;
  readonly id: EventId | null;
}

export interface Batch {
  readonly records: readonly InputRecord[];
  readonly events: readonly StepEvent[];
  /** The record that each event came in. */
  readonly origins: readonly InputRecord[];
  /** Records that decoding refused. */
  readonly rejects: readonly Reject[];
  /** For each event its id, to be remembered with the minute of its record; null: none. */
  readonly ids: readonly (EventId | null)[];
  /** Events that repeat the id of an earlier one. They do not reach the engine. */
  readonly duplicates: number;
}

/** `dedupDays`: 0 for none. */
export async function readBatch(
  records: readonly InputRecord[],
  schemas: SchemaTable,
  store: Store,
  dedupDays: number,
): Promise<Batch> {
  const decoded: Decoded[] = [];
  const rejects: Reject[] = [];
  for (const record of records) {
    const result = decodeRecord(record, schemas);
    if ("reject" in result) rejects.push({ record, reason: result.reject });
    else
      for (const event of result.events) {
        const id: EventId | null =
          event.id === undefined || dedupDays === 0 ? null : [event.id, minuteOf(record.timestampMs)];
        decoded.push({ event: { event, recordAtMs: record.timestampMs }, origin: record, id });
      }
  }
  const fresh = await withoutRepeats(decoded, store, dedupDays);
  return {
    records,
    events: fresh.map(({ event }) => event),
    origins: fresh.map(({ origin }) => origin),
    rejects,
    ids: fresh.map(({ id }) => id),
    duplicates: decoded.length - fresh.length,
  };
}

async function withoutRepeats(decoded: readonly Decoded[], store: Store, dedupDays: number): Promise<Decoded[]> {
  const ids = new Set(decoded.flatMap(({ id }) => id?.[0] ?? []));
  const seen = new Map(ids.size === 0 ? [] : await store.seenEvents([...ids]));
  return decoded.filter(({ id: given }) => {
    if (given === null) return true;
    const [id, minute] = given;
    const seenMinute = seen.get(id);
    if (seenMinute !== undefined && isRepeat(minute, seenMinute, dedupDays)) return false;
    seen.set(id, minute);
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
export function eventIdsOf(batch: Batch, outcomes: readonly Outcome[]): EventId[] {
  return batch.ids.filter((id, i): id is EventId => id !== null && typeof outcomes[i] === "string");
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
