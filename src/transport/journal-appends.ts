/**
 * Appends to the input files, each whole or not at all and once.
 *
 *  1. A source names one call with all its records. Its commit carries a digest of them: a repeat adds nothing, and other
 *     records under the same name are refused.
 *  2. The newest `SOURCES_KEPT` sources are remembered.
 */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { AppError } from "../errors.ts";
import { recordBytes } from "./journal-line.ts";
import type { JournalPartitions, PartitionRecord } from "./journal-partitions.ts";
import { partitionOf } from "./partitioner.ts";
import type { AppendRecord } from "./transport.ts";

/** A source is repeated after a crash, thus among the newest: a file of 200 million lines in appends of 2,000 still fits. */
export const SOURCES_KEPT = 100_000;
/** Records handled in one go, so that a large file does not hold up everything else. */
const SLICE_RECORDS = 2000;

/** The value of an append's commit. */
interface Appended {
  readonly records: number;
  readonly digest: string;
}

async function digestOf(records: readonly AppendRecord[]): Promise<string> {
  const hash = createHash("sha256");
  for (let from = 0; from < records.length; from += SLICE_RECORDS) {
    const slice = records.slice(from, from + SLICE_RECORDS);
    hash.update(JSON.stringify(slice.map(({ topic, key, value, headers }) => [topic, key, value.length, headers])));
    hash.update(Buffer.concat(slice.map((record) => record.value)));
    await setImmediate();
  }
  return hash.digest("hex");
}

export class JournalAppends {
  readonly #inputs: JournalPartitions;
  readonly #recordBytesMax: number;
  /** Digest by source, oldest first. */
  readonly #digests = new Map<string, string>();

  constructor(inputs: JournalPartitions, recordBytesMax: number) {
    this.#inputs = inputs;
    this.#recordBytesMax = recordBytesMax;
  }

  async load(): Promise<void> {
    for (const { key, value } of await this.#inputs.commits()) {
      this.#remember(key, (JSON.parse(Buffer.from(value).toString()) as Appended).digest);
    }
  }

  async append(source: string, records: readonly AppendRecord[], nowMs: number): Promise<void> {
    const digest = await digestOf(records);
    const before = this.#digests.get(source);
    if (before === digest) return;
    if (before !== undefined) {
      throw new AppError(
        "input",
        `${source} was appended before, with other records`,
        "Give what is new a name of its own; a name stands for one set of records.",
      );
    }
    const placed = records.map((record, index) => this.#place(source, record, index));
    const appended: Appended = { records: records.length, digest };
    await this.#inputs.commit(nowMs, source, Buffer.from(JSON.stringify(appended)), placed);
    this.#remember(source, digest);
  }

  #place(source: string, record: AppendRecord, index: number): PartitionRecord {
    const { topic, key, value, headers } = record;
    const partitions = this.#inputs.partitionCount(topic);
    if (partitions === null) {
      throw new AppError("config", `record ${index + 1} of ${source} is for ${topic}, which is no input topic`);
    }
    const bytes = recordBytes(record);
    if (bytes > this.#recordBytesMax) {
      throw new AppError(
        "input",
        `record ${index + 1} of ${source} has ${bytes} bytes; at most ${this.#recordBytesMax} are allowed`,
        "Leave it out, or raise the limit.",
      );
    }
    return { topic, partition: partitionOf(key, partitions), key, value, headers };
  }

  #remember(source: string, digest: string): void {
    this.#digests.set(source, digest);
    if (this.#digests.size > SOURCES_KEPT) this.#digests.delete(this.#digests.keys().next().value!);
  }
}
