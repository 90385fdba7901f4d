/**
 * `verify --topics`: what consumers have, rebuilt from the output topics as a consumer would, against what the state
 * says that they were told. Compared at the last step of the state, so that a worker may be running meanwhile.
 */

import { compareViews } from "../core/recount-checks.ts";
import type { View } from "../core/tables.ts";
import { AppError } from "../errors.ts";
import { loadSchemaTable } from "../events/schema-files.ts";
import type { StoredHead } from "../state/store.ts";
import { unpackPieces } from "../transport/frames.ts";
import type { InputRecord, OutputRecord, Transport } from "../transport/transport.ts";
import { positionsToJson } from "../worker/positions.ts";
import { decodeProgress, type Progress } from "../worker/progress.ts";
import { readPublishedView } from "../worker/published-view.ts";
import { withTopics } from "./reading-transport.ts";
import type { Session } from "./session.ts";

export interface TopicChecks {
  /** Last step on the topics. */
  readonly published: number;
  /** Records that are repeated, out of order, or somebody else's. */
  readonly order: readonly string[];
  /** The progress record of the state's step. */
  readonly progress: readonly string[];
  readonly view: readonly string[];
  /** The last step of the state is fixed but not published yet; its records count as told. */
  readonly unpublished: boolean;
}

export async function checkTopics(
  session: Session,
  head: StoredHead,
  told: View,
  differencesMax: number,
): Promise<TopicChecks> {
  const schemas = await loadSchemaTable();
  return withTopics(session, async (transport) => {
    const bytes = await transport.readProgress();
    const progress = bytes === null ? null : decodeProgress(bytes);
    const published = progress?.step ?? 0;
    const outbox = published === head.step - 1 && head.outbox?.step === head.step ? head.outbox : null;
    if (published < head.step && outbox === null) throw apart(head.step, published);
    const reader = new OutputReader(transport, session.config.engine, Math.min(head.step, published));
    if (outbox !== null) reader.unpublished = unpackPieces(outbox.chunks);
    const view = await readPublishedView(reader, session.config, schemas);
    return {
      published,
      order: reader.faults.slice(0, differencesMax),
      progress: progress === null ? [] : compareProgress(progress, head),
      view: compareViews({ ...told, ...view }, told, differencesMax),
      unpublished: outbox !== null,
    };
  });
}

/** Only of one step can both speak; a worker may have gone on since the state was read. */
function compareProgress(progress: Progress, head: StoredHead): string[] {
  if (progress.step !== head.step) return [];
  const faults: string[] = [];
  const [told, stored] = [progress.positions, head.positions].map((p) => JSON.stringify(positionsToJson(p)));
  if (told !== stored) faults.push(`positions: ${told}, expected ${stored}`);
  if (progress.clockMinute !== head.clockMinute) {
    faults.push(`clock: minute ${progress.clockMinute}, expected ${head.clockMinute}`);
  }
  return faults;
}

function apart(step: number, published: number): AppError {
  return new AppError(
    "state",
    `the state stands at step ${step}, but the topics end at step ${published}`,
    "`corollary doctor` says what that means and what to do",
  );
}

interface Place {
  readonly engine: string;
  readonly epoch: number;
  readonly step: number;
  readonly seq: number;
}

/** The output topics as they were after one step, and what is wrong with the order of their records. */
class OutputReader {
  readonly faults: string[] = [];
  /** Records of the step after the last one that is read. */
  unpublished: readonly OutputRecord[] = [];
  readonly #transport: Transport;
  readonly #engine: string;
  readonly #lastStep: number;

  constructor(transport: Transport, engine: string, lastStep: number) {
    this.#transport = transport;
    this.#engine = engine;
    this.#lastStep = lastStep;
  }

  async *readOutput(topic: string): AsyncGenerator<InputRecord> {
    let last: { readonly partition: number; readonly place: Place } | null = null;
    for await (const record of this.#transport.readOutput(topic)) {
      const place = placeOf(record);
      const at = `${topic}: offset ${record.offset} of partition ${record.partition}`;
      if (place === null || place.engine !== this.#engine) {
        this.faults.push(`${at} was not written by engine ${this.#engine}`);
        continue;
      }
      if (place.step > this.#lastStep) continue;
      if (last !== null && last.partition === record.partition && !follows(place, last.place)) {
        this.faults.push(`${at} is ${described(place)}, after ${described(last.place)}`);
      }
      last = { partition: record.partition, place };
      yield record;
    }
    for (const record of this.unpublished) {
      if (record.topic === topic) yield { ...record, offset: -1, timestampMs: 0 };
    }
  }
}

function placeOf({ headers }: InputRecord): Place | null {
  const parts = Buffer.from(headers["cor"] ?? "")
    .toString()
    .split(".");
  const [epoch, step, seq] = parts.splice(-3).map(Number);
  const isPlace = [epoch, step, seq].every(Number.isSafeInteger) && parts.length > 0;
  return isPlace ? { engine: parts.join("."), epoch: epoch ?? 0, step: step ?? 0, seq: seq ?? 0 } : null;
}

function follows(place: Place, before: Place): boolean {
  if (place.epoch < before.epoch) return false;
  return place.step > before.step || (place.step === before.step && place.seq > before.seq);
}

function described({ epoch, step, seq }: Place): string {
  return `epoch ${epoch}, step ${step}, record ${seq}`;
}
