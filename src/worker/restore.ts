/**
 * A state that is behind the topics (C6), lost (C7) or not the one that published last (C9) becomes what it was when the
 * last published step was committed.
 *  1. Tables: a function of the inputs, so the inputs up to the progress record are applied again, without output.
 *  2. The published view: not a function of anything, so it is read back from the output topics, never computed.
 *  3. Until the last commit of this file the state stays a step below the progress record, so that a crash on the way
 *     finds it behind again, further on.
 * The event ids and totals come back with the inputs; rejects at old positions are not published again.
 */
import type { Engine } from "../core/engine.ts";
import { AppError } from "../errors.ts";
import type { StepHead } from "../state/store.ts";
import type { InputRecord, Positions } from "../transport/transport.ts";
import { minuteOf } from "./clock.ts";
import { EventIds } from "./event-ids.ts";
import { type Batch, readBatch } from "./intake.ts";
import type { Ports } from "./ports.ts";
import { advance, positionOf, positionsToJson, reached } from "./positions.ts";
import type { Progress } from "./progress.ts";
import { readPublishedView } from "./published-view.ts";
import { standingOf, stepCommit } from "./step-commit.ts";

const NO_RECORDS: Batch = { records: [], events: [], origins: [], rejects: [], ids: new EventIds([], new Map(), 0) };
/** The partitions are replayed at different speeds, so an id of any age may still be repeated. */
const FORGET_NOTHING = 0;
const NO_OUTBOX = (): null => null;
/** The inputs were checked to be there; a broker may take its time to begin. */
const SILENCE_MAX_MS = 60_000;
const WAIT_MS = 1_000;

/** `engine`: loaded, and at rest; it still is when this resolves. The next ordinary step finds what is pending. */
export async function restore(ports: Ports, engine: Engine, before: StepHead, progress: Progress): Promise<StepHead> {
  const { store, log, config } = ports;
  log.warn({ from: before.step, to: progress.step }, "restoring the state from the inputs and the published topics");
  const replayed = await replay(ports, engine, before, progress);

  const view = await readPublishedView(ports.transport, config, ports.schemas);
  engine.restorePublished(view.predictions, view.recommendations, view.flags);
  const result = engine.step({ clockMinute: progress.clockMinute, events: [], budgetRecords: 1, catchUp: true });
  const { step, positions } = progress;
  const numbers = { epoch: before.epoch, step, positions, publishedStep: step };
  const commit = stepCommit(replayed, numbers, NO_RECORDS, result, FORGET_NOTHING, NO_OUTBOX);
  await store.commit(commit);
  return standingOf(commit);
}

/** Applies the inputs between the state and the progress record. */
async function replay(ports: Ports, engine: Engine, before: StepHead, progress: Progress): Promise<StepHead> {
  const { store, transport, schemas, config } = ports;
  let standing = before;
  let silentMs = 0;
  await transport.seek(standing.positions);
  while (!reached(transport.positions(), progress.positions)) {
    const polled = await transport.poll(config.step.recordsMax, config.step.bytesMax, WAIT_MS);
    const records = polled.filter((record) => isBefore(record, progress.positions));
    silentMs = polled.length > 0 ? 0 : silentMs + WAIT_MS;
    if (silentMs >= SILENCE_MAX_MS) throw unreadable(standing.positions, progress.positions);
    if (records.length === 0) continue;

    const batch = await readBatch(records, schemas, store, config.dedupDays);
    const clockMinute = Math.min(
      progress.clockMinute,
      minuteOf(Math.max(...records.map(({ timestampMs }) => timestampMs))),
    );
    const { events, ids } = batch;
    const result = engine.step({ clockMinute, events, admit: ids.admit, budgetRecords: 1, catchUp: true });
    const positions = advance(standing.positions, records);
    const numbers = { epoch: before.epoch, step: progress.step - 1, positions, publishedStep: progress.step };
    const commit = stepCommit(standing, numbers, batch, result, FORGET_NOTHING, NO_OUTBOX);
    await store.commit(commit);
    standing = standingOf(commit);
  }
  return standing;
}

function isBefore(record: InputRecord, end: Positions): boolean {
  return record.offset < (positionOf(end, record.topic, record.partition) ?? 0);
}

function unreadable(positions: Positions, target: Positions): AppError {
  return new AppError(
    "transport",
    `the inputs between ${JSON.stringify(positionsToJson(positions))} and ${JSON.stringify(positionsToJson(target))} did not arrive within ${SILENCE_MAX_MS / 1000} s`,
    "check the broker, then start again: it goes on from here",
  );
}
