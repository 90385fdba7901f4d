/** Reads the committed records of one partition in order, from any offset, in large chunks. */
import { AppError } from "../errors.ts";
import type { JournalFile } from "./journal-file.ts";
import { type JournalEnd, LineReader, NEWLINE } from "./journal-line.ts";
import type { InputRecord } from "./transport.ts";

const CHUNK_BYTES = 1 << 20;
/** A stretch this short is read line by line; a longer one is bisected. */
const STRETCH_BYTES = 1 << 16;

const NOTHING = Buffer.alloc(0);

export class PartitionReader {
  readonly topic: string;
  readonly partition: number;
  readonly #file: JournalFile;
  readonly #lines = new LineReader();
  #next = 0;
  /** Where the line of `#next` begins in the file. */
  #at = 0;
  #chunk: Buffer = NOTHING;
  /** Where the chunk begins in the file. */
  #chunkAt = 0;

  constructor(topic: string, partition: number, file: JournalFile) {
    this.topic = topic;
    this.partition = partition;
    this.#file = file;
  }

  /** Offset of the record that comes next. */
  get next(): number {
    return this.#next;
  }

  /** Goes to a record, `offset` ≤ `end.offset`. */
  async seek(offset: number, end: JournalEnd): Promise<void> {
    this.#chunk = NOTHING;
    if (offset === end.offset) {
      this.#next = offset;
      this.#at = end.bytes;
      return;
    }
    await this.#bisect(offset, end);
    while (this.#next < offset) {
      const newline = await this.#line(end);
      this.#at = this.#chunkAt + newline + 1;
      this.#next++;
    }
  }

  /** Lines carry their offsets, so the file is its own index. */
  async #bisect(offset: number, end: JournalEnd): Promise<void> {
    let low: JournalEnd = { offset: 0, bytes: 0 };
    let high = end.bytes;
    while (high - low.bytes > STRETCH_BYTES) {
      const middle = low.bytes + Math.floor((high - low.bytes) / 2);
      const line = await this.#firstLineAfter(middle, high);
      if (line === null || line.offset > offset) high = middle;
      else low = line;
    }
    this.#next = low.offset;
    this.#at = low.bytes;
  }

  /** The first line that begins behind `from` and before `to`. */
  async #firstLineAfter(from: number, to: number): Promise<JournalEnd | null> {
    let position = from;
    while (position < to) {
      const bytes = await this.#file.read(position, Math.min(STRETCH_BYTES, to - position));
      const newline = bytes.indexOf(NEWLINE);
      if (newline >= 0) {
        const start = position + newline + 1;
        if (start >= to) return null;
        const head = await this.#file.read(start, Math.min(40, to - start));
        return { offset: this.#guard(start, () => this.#lines.offsetOf(head, 0, head.length)), bytes: start };
      }
      position += bytes.length;
    }
    return null;
  }

  /** Makes the next line present in the chunk, and answers where in the chunk its newline is. */
  async #line(end: JournalEnd): Promise<number> {
    let newline = this.#chunk.indexOf(NEWLINE, this.#at - this.#chunkAt);
    for (let bytes = CHUNK_BYTES; newline < 0; bytes *= 2) {
      const rest = end.bytes - this.#at;
      this.#chunk = await this.#file.read(this.#at, Math.min(bytes, rest));
      this.#chunkAt = this.#at;
      newline = this.#chunk.indexOf(NEWLINE);
      if (newline < 0 && bytes >= rest) this.#damaged(this.#at);
    }
    return newline;
  }

  /**
   * Moves on by at most `recordsMax` records and `bytesMax` bytes of lines, adding them to `records`; answers the bytes.
   * The first in `records` is taken whatever its size.
   */
  async read(end: JournalEnd, recordsMax: number, bytesMax: number, records: InputRecord[]): Promise<number> {
    const from = this.#at;
    for (let count = 0; count < recordsMax && this.#next < end.offset; count++) {
      const present = this.#chunk.indexOf(NEWLINE, this.#at - this.#chunkAt);
      const newline = present >= 0 ? present : await this.#line(end);
      const next = this.#chunkAt + newline + 1;
      if (records.length > 0 && next - from > bytesMax) break;
      records.push(this.#record(newline));
      this.#at = next;
      this.#next++;
    }
    return this.#at - from;
  }

  #record(newline: number): InputRecord {
    const start = this.#at - this.#chunkAt;
    const record = this.#guard(this.#at, () =>
      this.#lines.read(this.topic, this.partition, this.#chunk, start, newline),
    );
    if (record.offset !== this.#next) this.#damaged(this.#at);
    return record;
  }

  #guard<T>(at: number, read: () => T): T {
    try {
      return read();
    } catch (cause) {
      return this.#damaged(at, cause);
    }
  }

  #damaged(at: number, cause?: unknown): never {
    throw new AppError(
      "transport",
      `${this.#file.name} of the journal is damaged at byte ${at}`,
      "Restore the data folder from a backup.",
      cause,
    );
  }
}
