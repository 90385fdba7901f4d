/** What is measured: a worker between input and output topics, on either transport. */
import { eventRecord } from "../src/cli/event-record.ts";
import type { Config } from "../src/config/keys.ts";
import type { EncodableEvent } from "../src/events/encode-event.ts";
import type { InputEvent } from "../src/events/event.ts";
import type { AppendRecord } from "../src/transport/transport.ts";

/** A step that is committed and published. */
export interface PublishedStep {
  readonly step: number;
  /** `performance.now()` when its output was seen to be committed. */
  readonly seenMs: number;
  /** Input records; on Kafka the offsets that the positions moved by, markers of transactions included. */
  readonly inputs: number;
  /** Output records, the progress record not counted. */
  readonly outputs: number;
  readonly pending: number;
}

/** `name`: id of the event, or the key of the pair where a removed prediction is all that tells. */
export type DirectDelta = (name: string, seenMs: number) => void;

export interface Pipeline {
  readonly config: Config;
  /** Appends to the input topics in this order; acknowledged when it resolves. May be used before `start`. */
  append(records: readonly AppendRecord[]): Promise<void>;
  /** The same, but no reader sees the first record before it can see the last. Answers with the `performance.now()` of that. */
  appendAtOnce(records: readonly AppendRecord[]): Promise<number>;
  /** The worker begins. */
  start(): Promise<void>;
  /** Resolves when all that was appended is applied, told and published; rejects when the worker ends. */
  whenQuiet(): Promise<void>;
  /** Called for every published step, in order. */
  onStep(listener: (step: PublishedStep) => void): void;
  /** From now on the listener learns of every committed delta that an event named. */
  watchDirectDeltas(listener: DirectDelta): Promise<void>;
  /** Processor time of the worker's process so far, seconds; null where it cannot be told. */
  cpuSeconds(): number | null;
  /** Most memory that the worker's process ever held, bytes; null where it cannot be told. */
  peakBytes(): number | null;
  /** Ends the worker in order. */
  stop(): Promise<void>;
}

export const recordsOf = (events: readonly InputEvent[], config: Config): AppendRecord[] =>
  events.map((event) => eventRecord(event as EncodableEvent, config));
