/** Reads the input partitions in fair rounds, and waits for an append when there is nothing to read. */
import { AppError } from "../errors.ts";
import type { JournalPartitions } from "./journal-partitions.ts";
import { PartitionReader } from "./journal-reader.ts";
import type { InputRecord, Positions } from "./transport.ts";

export class JournalPoll {
  readonly #inputs: JournalPartitions;
  readonly #readers: readonly PartitionReader[];
  /** The reader that has the first turn. */
  #turn = 0;
  #wakes = 0;
  #closed = false;
  #resume: (() => void) | null = null;

  constructor(inputs: JournalPartitions) {
    this.#inputs = inputs;
    this.#readers = inputs
      .list()
      .map(({ topic, partition }) => new PartitionReader(topic, partition, inputs.file(topic, partition)));
  }

  async seek(positions: Positions): Promise<void> {
    for (const reader of this.#readers) {
      const { topic, partition } = reader;
      const offset = positions.get(topic)?.get(partition) ?? 0;
      const end = this.#inputs.end(topic, partition);
      if (offset > end.offset) {
        throw new AppError(
          "transport",
          `position ${offset} of ${topic}-${partition} is behind the end of the journal, ${end.offset}`,
          "The journal is older than the state: restore both from the same backup.",
        );
      }
      await reader.seek(offset, end);
    }
  }

  async poll(recordsMax: number, bytesMax: number, waitMs: number): Promise<readonly InputRecord[]> {
    const wakes = this.#wakes;
    const records = await this.#take(recordsMax, bytesMax);
    if (records.length > 0 || waitMs <= 0) return records;
    if (wakes === this.#wakes) await this.#wait(waitMs);
    return this.#closed ? [] : this.#take(recordsMax, bytesMax);
  }

  positions(): Positions {
    const positions = new Map<string, Map<number, number>>();
    for (const { topic, partition, next } of this.#readers) {
      const offsets = positions.get(topic) ?? new Map<number, number>();
      positions.set(topic, offsets.set(partition, next));
    }
    return positions;
  }

  /** Ends a wait: there is something to read. */
  wake(): void {
    this.#wakes++;
    this.#resume?.();
  }

  close(): void {
    this.#closed = true;
    this.wake();
  }

  #wait(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const resume = (): void => {
        clearTimeout(timer);
        this.#resume = null;
        resolve();
      };
      const timer = setTimeout(resume, waitMs);
      this.#resume = resume;
    });
  }

  async #take(recordsMax: number, bytesMax: number): Promise<InputRecord[]> {
    const records: InputRecord[] = [];
    let bytes = 0;
    let taken = -1;
    let ready = this.#ready();
    while (ready.length > 0 && records.length < recordsMax && records.length > taken) {
      taken = records.length;
      const recordsShare = Math.ceil((recordsMax - records.length) / ready.length);
      const bytesShare = Math.floor((bytesMax - bytes) / ready.length);
      for (const reader of ready) {
        const end = this.#inputs.end(reader.topic, reader.partition);
        bytes += await reader.read(end, Math.min(recordsShare, recordsMax - records.length), bytesShare, records);
      }
      ready = ready.filter((reader) => this.#hasMore(reader));
    }
    this.#turn = (this.#turn + 1) % Math.max(1, this.#readers.length);
    return records;
  }

  #ready(): PartitionReader[] {
    const turn = this.#turn;
    return [...this.#readers.slice(turn), ...this.#readers.slice(0, turn)].filter((reader) => this.#hasMore(reader));
  }

  #hasMore(reader: PartitionReader): boolean {
    return reader.next < this.#inputs.end(reader.topic, reader.partition).offset;
  }
}
