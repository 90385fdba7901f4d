/**
 * The one port through which bytes come in and go out. A transport knows no events and no tables.
 *
 * Duties of an implementation
 *  1. `poll` returns records of a partition in offset order, without repeats, from the sought position on; only
 *     committed ones. Offsets may have gaps (control records, compaction): the next position is `last offset + 1` or more.
 *  2. `publish` is atomic: all records, the progress record and the input positions, or nothing. Its answer is never a
 *     guess: `unknown` when the outcome cannot be told.
 *  3. After `fence`, no other process with the same engine name can publish any more, nothing of an earlier process is
 *     still under way, and `readProgress` answers with the last committed progress record.
 *  4. A publish of a step that is already committed never happens: the caller reads progress first.
 * Duties of the caller
 *  5. `open`, then `fence`, then `readProgress`, then `seek`, then any number of `poll` and `publish`, one at a time.
 *  6. After `unknown` or `aborted`: `fence` and `readProgress` before anything else. After `fenced`: `close`, write nothing.
 *  7. Every record names its partition; a batch is within `limits`.
 */

export type Headers = Readonly<Record<string, string | Uint8Array>>;

export interface InputRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When the record was written, ms since 1970. */
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

export interface OutputRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array | null;
  /** null: a removal (tombstone of a changelog). */
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

/** Next offset to read, by `topic` and partition. */
export type Positions = ReadonlyMap<string, ReadonlyMap<number, number>>;

export interface Watermark {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the oldest record still there. */
  readonly low: number;
  /** Offset that the next record will get; for Kafka the last stable offset where the client tells it. */
  readonly high: number;
}

export type PublishOutcome = "committed" | "aborted" | "unknown" | "fenced";

export interface PublishBatch {
  readonly records: readonly OutputRecord[];
  /** The same as `packRecords` made them, in pieces: saves a transport that hands them on from packing them again. */
  readonly packed?: readonly Uint8Array[];
  /** Written to the progress topic in the same transaction. */
  readonly progress: Uint8Array;
  /** Copied to the consumer group where the transport has one; the progress record is the authority. */
  readonly positions: Positions;
}

export interface TransportLimits {
  /** Largest key + value + headers of one record, bytes. */
  readonly recordBytesMax: number;
}

/** A record to be appended to an input topic, by commands that decide something (`import`, `apply`). */
export interface AppendRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: Headers;
}

export interface Transport {
  readonly limits: TransportLimits;
  /** Connects and checks topics. Rejects with AppError("transport") and what to do. */
  open(): Promise<void>;
  /** Watermarks of every partition of every input topic. */
  inputWatermarks(): Promise<readonly Watermark[]>;
  /** Number of partitions of each output topic. */
  outputPartitions(topic: string): number;
  fence(): Promise<"owner" | "fenced">;
  /** The last committed progress record of this engine, or null when there never was one. */
  readProgress(): Promise<Uint8Array | null>;
  seek(positions: Positions): Promise<void>;
  /** Waits at most `waitMs` for the first record; then returns what is there, up to the limits. */
  poll(recordsMax: number, bytesMax: number, waitMs: number): Promise<readonly InputRecord[]>;
  /**
   * Next offset to read of every input partition: `poll` has given every committed record below it. What was sought, at
   * first; then it moves with `poll`, and over control records and other gaps as soon as they are known to be such.
   */
  positions(): Positions;
  publish(batch: PublishBatch): Promise<PublishOutcome>;
  /**
   * Appends to input topics, spread over partitions by key, durable when it resolves; readers and watermarks may show them a
   * moment later (Kafka answers a commit before it has marked every partition). `source` names the file or call that the
   * records come from: records of a source that were appended before are skipped, so that a repeat adds nothing.
   */
  append(source: string, records: readonly AppendRecord[]): Promise<void>;
  /** Every committed record of an output topic in order, partition by partition; for recovery and checks. */
  readOutput(topic: string): AsyncIterable<InputRecord>;
  close(): Promise<void>;
}
