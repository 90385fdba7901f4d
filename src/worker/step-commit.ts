/** StepResult → what the store commits: the step is fixed here. Its outbox is made while the store writes the rest. */
import type { StepResult } from "../core/engine.ts";
import type { Outbox, StepCommit, StepHead } from "../state/store.ts";
import { type PackableRecord, packPieces } from "../transport/frames.ts";
import type { Positions } from "../transport/transport.ts";
import { addCounts, type Batch, countsOf } from "./intake.ts";
import { outboxDigest } from "./outbox.ts";
import { encodeProgress } from "./progress.ts";

/** Where the state stands after the commit. */
export function standingOf(commit: StepCommit): StepHead {
  const { epoch, step, clockMinute, positions, counts } = commit;
  return { epoch, step, clockMinute, positions, counts };
}

/** true: nothing was read and nothing changed, so there is nothing to commit. The clock alone is no change. */
export function hasNoEffect(batch: Batch, result: StepResult): boolean {
  const { changes } = result;
  return (
    batch.records.length === 0 && result.deltaCount === 0 && Object.values(changes).every((rows) => rows.length === 0)
  );
}

export interface StepNumbers {
  readonly epoch: number;
  readonly step: number;
  readonly positions: Positions;
  readonly publishedStep: number;
}

export function stepCommit(
  before: StepHead,
  numbers: StepNumbers,
  batch: Batch,
  result: StepResult,
  forgetEventsBefore: number,
  outbox: () => Outbox | null,
): StepCommit {
  return {
    ...numbers,
    ...result.changes,
    clockMinute: result.clockMinute,
    counts: addCounts(before.counts, countsOf(batch, result.outcomes)),
    eventIds: batch.ids.taken,
    forgetEventsBefore,
    get outbox() {
      return outbox();
    },
  };
}

export interface OutboxFacts {
  readonly engine: string;
  readonly clockMinute: number;
  readonly pending: number;
  readonly configDigest: string;
}

export function fixOutbox(numbers: StepNumbers, records: Iterable<PackableRecord>, facts: OutboxFacts): Outbox {
  const { epoch, step, positions } = numbers;
  let count = 0;
  const counted = function* (): Generator<PackableRecord> {
    for (const record of records) {
      count++;
      yield record;
    }
  };
  const chunks = packPieces(counted());
  const digest = outboxDigest(chunks);
  const progress = encodeProgress({ ...facts, epoch, step, positions, records: count, digest });
  return { epoch, step, chunks, progress, positions };
}
