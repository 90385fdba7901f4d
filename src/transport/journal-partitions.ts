/**
 * The files of some topics, one a partition, and the log that commits them together.
 *
 *  1. Whatever lies behind the committed end of a file does not exist: readers stop there, the next commit writes over it,
 *     `discardUncommitted` removes it.
 *  2. A commit writes at the committed ends, cuts each file to its new end, makes all files durable, and only then adds its
 *     line to the log. Interrupted anywhere it happened whole or not at all, and repeated it makes the same lines.
 *  3. After a failed commit nothing more is written: what the disk holds is known again only after opening anew.
 */
import { AppError } from "../errors.ts";
import { type Commit, CommitLog, type CommitLogOptions } from "./journal-commits.ts";
import { JournalFile } from "./journal-file.ts";
import { encodeLine, type JournalEnd, type JournalEnds, type LineContent } from "./journal-line.ts";

/** Bytes gathered before they are written. */
const WRITE_BYTES = 1 << 18;
const START: JournalEnd = { offset: 0, bytes: 0 };

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export type PartitionRecord = LineContent & TopicPartition;

interface OpenOptions extends CommitLogOptions {
  readonly logName: string;
  readonly topics: Readonly<Record<string, number>>;
}

/** What one commit is about to add to one file. */
class Growth {
  readonly file: JournalFile;
  offset: number;
  bytes: number;
  #lines: Buffer[] = [];
  #gathered = 0;

  constructor(file: JournalFile, end: JournalEnd) {
    this.file = file;
    this.offset = end.offset;
    this.bytes = end.bytes;
  }

  /** True when enough is gathered to be written. */
  add(timestampMs: number, record: PartitionRecord): boolean {
    const line = encodeLine(this.offset++, timestampMs, record);
    this.#lines.push(line);
    this.#gathered += line.length;
    return this.#gathered >= WRITE_BYTES;
  }

  async write(): Promise<void> {
    const bytes = Buffer.concat(this.#lines, this.#gathered);
    this.#lines = [];
    this.#gathered = 0;
    await this.file.write(bytes, this.bytes);
    this.bytes += bytes.length;
  }
}

export class JournalPartitions {
  readonly #topics: Readonly<Record<string, number>>;
  readonly #files: ReadonlyMap<string, JournalFile>;
  readonly #log: CommitLog;
  readonly #notes: string[];
  #ends: JournalEnds;
  #failed = false;

  private constructor(options: OpenOptions, files: ReadonlyMap<string, JournalFile>, log: CommitLog) {
    this.#topics = options.topics;
    this.#notes = options.notes;
    this.#files = files;
    this.#log = log;
    this.#ends = log.last?.ends ?? new Map();
  }

  static async open(options: OpenOptions): Promise<JournalPartitions> {
    const { folder, mode, fault } = options;
    const log = await CommitLog.open(options.logName, options);
    const files = new Map<string, JournalFile>();
    const partitions = new JournalPartitions(options, files, log);
    try {
      for (const { topic, partition } of partitions.list()) {
        const file = await JournalFile.open(folder, fileName(topic, partition), mode, fault);
        files.set(file.name, file);
        partitions.#checkLength(file);
      }
    } catch (error) {
      await partitions.close();
      throw error;
    }
    return partitions;
  }

  #checkLength(file: JournalFile): void {
    const end = this.#endOf(file.name);
    if (file.length >= end.bytes) return;
    throw new AppError(
      "transport",
      `${file.name} of the journal has ${file.length} bytes, but ${end.bytes} were committed`,
      "Restore the data folder from a backup.",
    );
  }

  /** Number of partitions, or null for a topic that is not among these. */
  partitionCount(topic: string): number | null {
    return Object.hasOwn(this.#topics, topic) ? this.#topics[topic]! : null;
  }

  /** Every partition of every topic, in the order of the configuration. */
  list(): readonly TopicPartition[] {
    return Object.entries(this.#topics).flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition })),
    );
  }

  file(topic: string, partition: number): JournalFile {
    const file = this.#files.get(fileName(topic, partition));
    if (file === undefined)
      throw new AppError("internal", `the journal has no partition ${partition} of topic ${topic}`);
    return file;
  }

  end(topic: string, partition: number): JournalEnd {
    return this.#endOf(fileName(topic, partition));
  }

  #endOf(name: string): JournalEnd {
    return this.#ends.get(name) ?? START;
  }

  get lastCommit(): Commit | null {
    return this.#log.last;
  }

  commits(): Promise<readonly Commit[]> {
    return this.#log.commits();
  }

  async commit(
    timestampMs: number,
    key: string,
    value: Uint8Array,
    records: readonly PartitionRecord[],
  ): Promise<void> {
    if (this.#failed) {
      throw new AppError(
        "transport",
        "the journal failed before and writes nothing more",
        "Start again: that repairs it.",
      );
    }
    try {
      const ends = await this.#write(timestampMs, records);
      await this.#log.append(timestampMs, key, value, ends);
      this.#ends = ends;
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  /** Writes behind the committed ends, durably, and answers where the new ends are. */
  async #write(timestampMs: number, records: readonly PartitionRecord[]): Promise<JournalEnds> {
    const growths = new Map<string, Growth>();
    for (const record of records) {
      const name = fileName(record.topic, record.partition);
      let growth = growths.get(name);
      if (growth === undefined) {
        growth = new Growth(this.file(record.topic, record.partition), this.#endOf(name));
        growths.set(name, growth);
      }
      if (growth.add(timestampMs, record)) await growth.write();
    }
    const ends = new Map(this.#ends);
    for (const [name, growth] of growths) {
      await growth.write();
      await growth.file.truncate(growth.bytes);
      ends.set(name, { offset: growth.offset, bytes: growth.bytes });
    }
    await Promise.all([...growths.values()].map((growth) => growth.file.sync()));
    return ends;
  }

  /** Removes what an interrupted commit left behind. */
  async discardUncommitted(): Promise<void> {
    for (const file of this.#files.values()) {
      const excess = file.length - this.#endOf(file.name).bytes;
      if (excess === 0) continue;
      await file.truncate(file.length - excess);
      await file.sync();
      this.#notes.push(`${file.name}: removed ${excess} bytes of an interrupted commit`);
    }
  }

  /** For a reader beside the owner: sees what was committed since. */
  async refresh(): Promise<void> {
    await this.#log.refresh();
    this.#ends = this.#log.last?.ends ?? new Map();
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
    await this.#log.close();
  }
}

export function fileName(topic: string, partition: number): string {
  return `${topic}-${partition}.ndjson`;
}
