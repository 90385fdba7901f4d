/** The transport on Apache Kafka: a source, a sink and the progress log behind the port. Names of one engine are its
 * transactional id and consumer group `<engine>`, readers `<engine>.reader.*` and imports `<engine>.import.*`. */
import { randomUUID } from "node:crypto";
import type { Kafka } from "kafkajs";
import type { KafkaConfig } from "../../config/keys.ts";
import { AppError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { partitionOf } from "../partitioner.ts";
import type {
  AppendRecord,
  InputRecord,
  Positions,
  PublishBatch,
  PublishOutcome,
  Transport,
  TransportLimits,
  Watermark,
} from "../transport.ts";
import { offsetsOf, withAdmin } from "./admin.ts";
import { appendSource } from "./append.ts";
import { BATCH_BYTES_MAX } from "./chunks.ts";
import { createKafka } from "./client.ts";
import { registerCodecs } from "./codecs.ts";
import { assertKafkajsPatched } from "./patched.ts";
import { ProgressLog } from "./progress.ts";
import { type RangeOptions, readRange } from "./read-range.ts";
import { Sink, within } from "./sink.ts";
import { Source } from "./source.ts";
import { checkTopics, type TopicFacts, type TopicPlan } from "./topics.ts";

export interface KafkaTransportOptions extends TopicPlan {
  /** Name of the engine: two with the same name fence each other. */
  readonly engine: string;
  readonly kafka: KafkaConfig;
  readonly log: Log;
  /** How long the brokers may be away before the transport gives up; 60 s. */
  readonly unreachableMs?: number;
  /** Bytes of input records read ahead; 8 MiB, which are some 25,000 events and several times that in memory. */
  readonly prefetchBytesMax?: number;
}

/** Header of a record batch, and room for a broker's own counting. */
const BATCH_OVERHEAD_BYTES = 512;
const CLOSE_MAX_MS = 2_000;

export class KafkaTransport implements Transport {
  readonly #options: KafkaTransportOptions;
  readonly #instance = randomUUID();
  readonly #kafka: Kafka;
  readonly #unreachableMs: number;
  readonly #range: RangeOptions;
  readonly #progress: ProgressLog;
  readonly #sink: Sink;
  #topics: ReadonlyMap<string, TopicFacts> = new Map();
  #limits: TransportLimits = { recordBytesMax: BATCH_BYTES_MAX };
  #source: Source | null = null;

  constructor(options: KafkaTransportOptions) {
    this.#options = options;
    this.#kafka = createKafka(options.kafka, options.log);
    this.#unreachableMs = options.unreachableMs ?? 60_000;
    const { transactionTimeoutMs } = options.kafka;
    this.#range = {
      groupPrefix: options.engine,
      unreachableMs: this.#unreachableMs,
      openTransactionMs: transactionTimeoutMs + 30_000,
    };
    this.#progress = new ProgressLog(this.#kafka, options.progressTopic, options.engine, this.#range);
    this.#sink = new Sink(this.#kafka, {
      engine: options.engine,
      instance: this.#instance,
      progressTopic: options.progressTopic,
      transactionTimeoutMs,
      unreachableMs: this.#unreachableMs,
      rivalSince: (offset) => this.#progress.rivalSince(offset, this.#instance),
    });
  }

  get limits(): TransportLimits {
    return this.#limits;
  }

  async open(): Promise<void> {
    assertKafkajsPatched();
    registerCodecs();
    const { facts, warnings } = await this.#ask("checking topics", (admin) => checkTopics(admin, this.#options));
    for (const warning of warnings) this.#options.log.warn(warning);
    this.#topics = facts;
    const outputs = [...this.#options.outputTopics, ...this.#options.logTopics];
    const smallest = Math.min(
      ...outputs.map((topic) => (facts.get(topic)?.maxMessageBytes ?? 0) - BATCH_OVERHEAD_BYTES),
    );
    this.#limits = { recordBytesMax: Math.min(BATCH_BYTES_MAX, smallest) };
  }

  async inputWatermarks(): Promise<readonly Watermark[]> {
    return this.#ask("asking for the offsets of the inputs", async (admin) => {
      const found: Watermark[] = [];
      for (const topic of this.#options.inputTopics) {
        for (const offsets of await offsetsOf(admin, topic)) found.push({ topic, ...offsets });
      }
      return found;
    });
  }

  outputPartitions(topic: string): number {
    return this.#partitions(topic);
  }

  fence(): Promise<"owner" | "fenced"> {
    return this.#sink.fence();
  }

  readProgress(): Promise<Uint8Array | null> {
    const { ownOffset } = this.#sink;
    return this.#progress.last(ownOffset === null ? null : ownOffset + 1);
  }

  /** Partitions without a position are read from their oldest record. */
  async seek(positions: Positions): Promise<void> {
    await this.#source?.stop();
    const from = new Map<string, Map<number, number>>();
    for (const { topic, partition, low, high } of await this.inputWatermarks()) {
      const position = positions.get(topic)?.get(partition) ?? low;
      refuseHole(topic, partition, position, low, high);
      const offsets = from.get(topic) ?? new Map<number, number>();
      from.set(topic, offsets.set(partition, position));
    }
    for (const [topic, offsets] of positions) {
      for (const partition of offsets.keys()) {
        if (from.get(topic)?.has(partition) === true) continue;
        throw new AppError("transport", `Kafka: ${topic}/${partition} was read before and is not there`, REBUILD_HINT);
      }
    }
    this.#source = new Source(this.#kafka, {
      groupPrefix: this.#options.engine,
      positions: from,
      queueBytesMax: this.#options.prefetchBytesMax ?? 8 * 2 ** 20,
      unreachableMs: this.#unreachableMs,
      onJump: (topic, partition, expected) => this.#checkJump(topic, partition, expected),
    });
    await this.#source.start();
  }

  async poll(recordsMax: number, bytesMax: number, waitMs: number): Promise<readonly InputRecord[]> {
    if (this.#source === null) throw new AppError("internal", "poll without seek");
    return this.#source.poll(recordsMax, bytesMax, waitMs);
  }

  positions(): Positions {
    return this.#source?.positions() ?? new Map();
  }

  async publish(batch: PublishBatch): Promise<PublishOutcome> {
    for (const { topic, partition } of batch.records) {
      if (partition >= 0 && partition < this.#partitions(topic)) continue;
      throw new AppError("internal", `a record for ${topic}/${partition}, which does not exist`);
    }
    return this.#sink.publish(batch, this.#limits.recordBytesMax);
  }

  /** Brokers remember what was appended for as long as they keep offsets (see append.ts). */
  async append(source: string, records: readonly AppendRecord[]): Promise<void> {
    const placed = records.map(({ topic, key, value, headers }) => {
      const partition = partitionOf(key, this.#partitions(topic));
      return { topic, partition, key: Buffer.from(key), value, headers };
    });
    const { engine, progressTopic, kafka } = this.#options;
    const { transactionTimeoutMs } = kafka;
    const { recordBytesMax } = this.#limits;
    const options = { engine, progressTopic, transactionTimeoutMs, unreachableMs: this.#unreachableMs, recordBytesMax };
    await appendSource(this.#kafka, options, source, placed);
  }

  async *readOutput(topic: string): AsyncIterable<InputRecord> {
    await this.#sink.settle();
    const offsets = await this.#ask(`asking for the offsets of ${topic}`, (admin) => offsetsOf(admin, topic));
    const ranges = offsets.map(({ partition, low, high }) => ({ partition, from: low, to: high }));
    yield* readRange(this.#kafka, topic, ranges, this.#range);
  }

  /** Takes at most 2 s, although the brokers may be away. */
  async close(): Promise<void> {
    const source = this.#source;
    this.#source = null;
    await within(CLOSE_MAX_MS, Promise.all([source?.stop(), this.#sink.close()])).catch(() => {});
  }

  #partitions(topic: string): number {
    const facts = this.#topics.get(topic);
    if (facts === undefined) throw new AppError("internal", `topic ${topic} is not among the configured ones`);
    return facts.partitions;
  }

  async #checkJump(topic: string, partition: number, expected: number): Promise<void> {
    const offsets = await this.#ask(`asking for the offsets of ${topic}`, (admin) => offsetsOf(admin, topic));
    const found = offsets.find((entry) => entry.partition === partition) ?? { low: 0, high: 0 };
    refuseHole(topic, partition, expected, found.low, found.high);
  }

  #ask<T>(doing: string, ask: Parameters<typeof withAdmin<T>>[3]): Promise<T> {
    return withAdmin(this.#kafka, this.#unreachableMs, doing, ask);
  }
}

const REBUILD_HINT =
  "Records are lost: restore a backup of the state, or rebuild it; `corollary doctor` shows the hole.";

function refuseHole(topic: string, partition: number, position: number, low: number, high: number): void {
  const at = `Kafka: ${topic}/${partition}: the next record to read is ${position}`;
  if (position < low) throw new AppError("transport", `${at}, but the oldest one there is ${low}`, REBUILD_HINT);
  if (position > high)
    throw new AppError("transport", `${at}, but the topic ends at ${high}: it was made anew`, REBUILD_HINT);
}
