/**
 * The embedded transport: topics as append-only NDJSON files in a folder, `<topic>-<partition>.ndjson`, to be read with
 * `tail -f` and `jq`. For one process; the lock of the state keeps a second writer out.
 *
 *  1. The progress topic's file commits the output files, `appended.ndjson` commits the input files
 *     (journal-partitions.ts). What stands in a file behind its committed end was never published.
 *  2. `append` may run beside `poll` and `publish`.
 */
import { AppError } from "../errors.ts";
import { JournalAppends, SOURCES_KEPT } from "./journal-appends.ts";
import { type FileMode, type JournalFault, syncFolder } from "./journal-file.ts";
import { checkLayout, storeLayout } from "./journal-layout.ts";
import { recordBytes } from "./journal-line.ts";
import { fileName, JournalPartitions } from "./journal-partitions.ts";
import { JournalPoll } from "./journal-poll.ts";
import { PartitionReader } from "./journal-reader.ts";
import type {
  AppendRecord,
  InputRecord,
  Positions,
  PublishBatch,
  PublishOutcome,
  Transport,
  TransportLimits,
  Watermark,
} from "./transport.ts";

const APPENDED_LOG = "appended.ndjson";
/** Steps whose progress can still be looked up in the file; only the last one matters to the engine. */
const PROGRESS_KEPT = 1000;
/** `readOutput` reads this much at a time. */
const READ_RECORDS = 1000;
const READ_BYTES = 1 << 22;

export interface JournalOptions {
  readonly folder: string;
  readonly engine: string;
  /** Partitions by topic. */
  readonly inputTopics: Readonly<Record<string, number>>;
  readonly outputTopics: Readonly<Record<string, number>>;
  readonly progressTopic: string;
  readonly recordBytesMax: number;
  /** For checks beside the owner: sees what is committed when it opens, reads progress or asks for watermarks. */
  readonly readOnly?: boolean;
  /** Timestamps of records, ms since 1970. */
  readonly now?: () => number;
  readonly fault?: JournalFault;
}

interface Opened {
  readonly inputs: JournalPartitions;
  readonly outputs: JournalPartitions;
  readonly appends: JournalAppends;
  readonly poll: JournalPoll;
}

export class Journal implements Transport {
  readonly limits: TransportLimits;
  /** What was found broken and repaired, for the log; no record's content. */
  readonly notes: string[] = [];
  readonly #options: JournalOptions;
  readonly #now: () => number;
  #opened: Opened | null = null;
  /** Writes to the input files happen one after the other. */
  #appending: Promise<void> = Promise.resolve();

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.limits = { recordBytesMax: options.recordBytesMax };
  }

  async open(): Promise<void> {
    const { folder, engine, inputTopics, outputTopics, progressTopic, fault } = this.#options;
    const mode: FileMode = this.#options.readOnly === true ? "read" : "write";
    const progressLog = fileName(progressTopic, 0);
    const wanted = { engine, inputs: inputTopics, outputs: outputTopics, progress: progressTopic };
    const layout = await checkLayout(folder, wanted, [APPENDED_LOG, progressLog], mode);
    const common = { folder, mode, notes: this.notes, fault };
    const inputs = await JournalPartitions.open({
      ...common,
      logName: APPENDED_LOG,
      topics: inputTopics,
      linesKept: SOURCES_KEPT,
    });
    const outputs = await JournalPartitions.open({
      ...common,
      logName: progressLog,
      topics: outputTopics,
      linesKept: PROGRESS_KEPT,
    }).catch(async (error: unknown) => {
      await inputs.close();
      throw error;
    });
    const appends = new JournalAppends(inputs, this.limits.recordBytesMax);
    this.#opened = { inputs, outputs, appends, poll: new JournalPoll(inputs) };
    if (mode === "read") return;
    try {
      await syncFolder(folder, fault);
      if (layout.isNew) await storeLayout(folder, layout, fault);
      await appends.load();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async inputWatermarks(): Promise<readonly Watermark[]> {
    const { inputs } = this.#files();
    if (this.#options.readOnly === true) await inputs.refresh();
    return inputs.list().map(({ topic, partition }) => ({
      topic,
      partition,
      low: 0,
      high: inputs.end(topic, partition).offset,
    }));
  }

  outputPartitions(topic: string): number {
    const partitions = this.#options.outputTopics[topic];
    if (partitions === undefined) throw new AppError("internal", `${topic} is no output topic of the journal`);
    return partitions;
  }

  async fence(): Promise<"owner" | "fenced"> {
    const { inputs, outputs } = this.#writable();
    await this.#afterAppends(() => inputs.discardUncommitted());
    await outputs.discardUncommitted();
    return "owner";
  }

  async readProgress(): Promise<Uint8Array | null> {
    const { outputs } = this.#files();
    if (this.#options.readOnly === true) await outputs.refresh();
    return outputs.lastCommit?.value ?? null;
  }

  async seek(positions: Positions): Promise<void> {
    await this.#files().poll.seek(positions);
  }

  async poll(recordsMax: number, bytesMax: number, waitMs: number): Promise<readonly InputRecord[]> {
    return this.#files().poll.poll(recordsMax, bytesMax, waitMs);
  }

  positions(): Positions {
    return this.#files().poll.positions();
  }

  async publish(batch: PublishBatch): Promise<PublishOutcome> {
    const { outputs } = this.#writable();
    for (const record of batch.records) {
      const bytes = recordBytes(record);
      if (bytes > this.limits.recordBytesMax) {
        throw new AppError("internal", `a record for ${record.topic} has ${bytes} bytes, more than the limit`);
      }
      outputs.file(record.topic, record.partition);
    }
    await outputs.commit(this.#now(), this.#options.engine, batch.progress, batch.records);
    return "committed";
  }

  append(source: string, records: readonly AppendRecord[]): Promise<void> {
    return this.#afterAppends(async () => {
      const { appends, poll } = this.#writable();
      await appends.append(source, records, this.#now());
      poll.wake();
    });
  }

  async *readOutput(topic: string): AsyncIterable<InputRecord> {
    const { outputs } = this.#files();
    for (let partition = 0; partition < this.outputPartitions(topic); partition++) {
      const end = outputs.end(topic, partition);
      const reader = new PartitionReader(topic, partition, outputs.file(topic, partition));
      while (reader.next < end.offset) {
        const records: InputRecord[] = [];
        await reader.read(end, READ_RECORDS, READ_BYTES, records);
        yield* records;
      }
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    if (opened === null) return;
    this.#opened = null;
    opened.poll.close();
    await this.#appending;
    await opened.inputs.close();
    await opened.outputs.close();
  }

  #files(): Opened {
    if (this.#opened === null) throw new AppError("internal", "the journal is not open");
    return this.#opened;
  }

  #writable(): Opened {
    if (this.#options.readOnly === true) throw new AppError("internal", "the journal is open for reading only");
    return this.#files();
  }

  #afterAppends(write: () => Promise<void>): Promise<void> {
    const written = this.#appending.then(write);
    this.#appending = written.catch(() => {});
    return written;
  }
}
