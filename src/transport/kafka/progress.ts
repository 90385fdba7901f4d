/** Reading the progress topic: what was published last, and whether a rival has taken over. */
import type { Kafka } from "kafkajs";
import { offsetsOf, withAdmin } from "./admin.ts";
import { type RangeOptions, readRange } from "./read-range.ts";
import { FENCE_HEADER } from "./sink.ts";

/** Records read in a first look back from the end; each further look goes 16 times as far. */
const FIRST_LOOK = 256;

export class ProgressLog {
  readonly #kafka: Kafka;
  readonly #topic: string;
  readonly #engine: string;
  readonly #range: RangeOptions;

  constructor(kafka: Kafka, topic: string, engine: string, range: RangeOptions) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#engine = engine;
    this.#range = range;
  }

  /** The engine's last committed progress record before `end` (null: the end of the topic), or null when there is none. */
  async last(end: number | null): Promise<Uint8Array | null> {
    const { low, high } = await this.#offsets();
    const to = end ?? high;
    for (let look = FIRST_LOOK, behind = to; behind > low; look *= 16) {
      const from = Math.max(low, to - look);
      let found: Uint8Array | null = null;
      for await (const record of this.#own(from, behind)) found = record.value ?? found;
      if (found !== null) return found;
      behind = from;
    }
    return null;
  }

  /** Whether another instance of the engine has left its mark at or after `offset`. */
  async rivalSince(offset: number, instance: string): Promise<boolean> {
    const { low, high } = await this.#offsets();
    for await (const { headers } of this.#own(Math.max(low, offset), high)) {
      const mark = headers[FENCE_HEADER];
      if (mark !== undefined && Buffer.from(mark as Uint8Array).toString() !== instance) return true;
    }
    return false;
  }

  async *#own(from: number, to: number) {
    for await (const record of readRange(this.#kafka, this.#topic, [{ partition: 0, from, to }], this.#range)) {
      if (record.key !== null && Buffer.from(record.key).toString() === this.#engine) yield record;
    }
  }

  async #offsets(): Promise<{ low: number; high: number }> {
    const ask = `asking for the offsets of ${this.#topic}`;
    const [only] = await withAdmin(this.#kafka, this.#range.unreachableMs, ask, (admin) =>
      offsetsOf(admin, this.#topic),
    );
    return only ?? { low: 0, high: 0 };
  }
}
