/**
 * Reads committed records of given partitions from given positions on, ahead of its caller by a bounded queue.
 *
 * 1. kafkajs has no assign(): each consumer is the only member of a group of its own, named at random. So no rival and no
 *    dead predecessor can hold it up, nothing is committed to that group, and ownership rests on fencing alone.
 * 2. The positions here are the truth: at every (re-)join all partitions are sought to them; a repeated record is dropped.
 * 3. A position moves over control records, aborted records and emptied batches too.
 * 4. A failure that kafkajs cannot mend within `unreachableMs` ends the source: `poll` rejects from then on.
 */
import { randomUUID } from "node:crypto";
import type { Batch, Consumer, EachBatchPayload, Kafka, KafkaMessage } from "kafkajs";
import { AppError } from "../../errors.ts";
import type { Headers, InputRecord, Positions } from "../transport.ts";
import { errorKind, transportError } from "./kafka-errors.ts";
import { ReadAhead } from "./read-ahead.ts";

export interface SourceOptions {
  /** The group of a source is `<prefix>.reader.<random>`. */
  readonly groupPrefix: string;
  /** Next offset of every partition to read; topics and partitions without one are not read. */
  readonly positions: Positions;
  /** Records read ahead are at most about this many bytes and one fetch more. */
  readonly queueBytesMax: number;
  /** How long brokers may be away before the source gives up. */
  readonly unreachableMs: number;
  /**
   * Called when the next record is not the expected one, with both offsets: throws when records are lost. A partition
   * that has no position is a failure then. null: offsets may jump, and some partitions are left out.
   */
  readonly onJump: ((topic: string, partition: number, expected: number, found: number) => Promise<void>) | null;
}

interface Partition {
  readonly topic: string;
  readonly partition: number;
  /** Next offset to be fetched. */
  position: number;
  /** Next offset to be given, while records are queued. */
  given: number;
  /** Records in the queue. */
  queued: number;
}

const FETCH_WAIT_MS = 100;
/** kafkajs makes all records of a fetch at once, and each takes many times its bytes. A larger batch comes alone. */
const FETCH_BYTES_MAX = 2 * 2 ** 20;
const NO_HEADERS: Headers = Object.freeze(Object.create(null) as Headers);
const HEARTBEAT_MS = 1_000;
const SESSION_MS = 10_000;
/** A consumer that has fetched for so long is well again. */
const STABLE_MS = 10_000;

export class Source {
  readonly #options: SourceOptions;
  readonly #kafka: Kafka;
  #consumer: Consumer | null = null;
  readonly #partitions = new Map<string, Partition>();
  #paused = new Set<string>();
  #joined = false;
  readonly #ahead = new ReadAhead();
  #failure: AppError | null = null;
  #stopped = false;
  #startedMs = 0;
  #outageSinceMs: number | null = null;
  #silentMs = 0;
  #wakePoll: (() => void) | null = null;
  #wakeFetch: (() => void) | null = null;

  constructor(kafka: Kafka, options: SourceOptions) {
    this.#kafka = kafka;
    this.#options = options;
    for (const [topic, offsets] of options.positions) {
      for (const [partition, position] of offsets) {
        this.#partitions.set(keyOf(topic, partition), { topic, partition, position, given: position, queued: 0 });
      }
    }
  }

  /** Rejects with AppError("transport") when the brokers cannot be reached in time. */
  async start(): Promise<void> {
    for (let waitMs = 50; !this.#stopped; waitMs = Math.min(waitMs * 2, 1_000)) {
      try {
        await this.#consume();
        if (this.#stopped) await this.#disconnect();
        return;
      } catch (error) {
        await this.#disconnect();
        if (!this.#mayRestart(error)) throw transportError("reading", error);
        await sleepUntil(waitMs, () => {});
      }
    }
  }

  /** Waits at most `waitMs` for the first record, then gives what is there, up to the limits and at least one, fairly. */
  async poll(recordsMax: number, bytesMax: number, waitMs: number): Promise<readonly InputRecord[]> {
    if (this.#ahead.isEmpty && this.#failure === null) await this.#waitForRecords(waitMs);
    if (this.#failure !== null) throw this.#failure;
    const taken = this.#ahead.take(recordsMax, bytesMax);
    for (const record of taken) this.#give(record);
    if (this.#ahead.bytes < this.#options.queueBytesMax) this.#wakeFetch?.();
    return taken;
  }

  /** Next offset to be fetched: all committed records before it are in the queue or were given away. */
  position(topic: string, partition: number): number {
    return this.#partitions.get(keyOf(topic, partition))?.position ?? 0;
  }

  /** Next offset to be given away: all committed records before it were. */
  positions(): Positions {
    const positions = new Map<string, Map<number, number>>();
    for (const { topic, partition, position, given, queued } of this.#partitions.values()) {
      const offsets = positions.get(topic) ?? new Map<number, number>();
      positions.set(topic, offsets.set(partition, queued > 0 ? given : position));
    }
    return positions;
  }

  /** From now on, or from the start on, only this partition is fetched. */
  readOnly(topic: string, partition: number): void {
    this.#paused = new Set([...this.#partitions.keys()].filter((key) => key !== keyOf(topic, partition)));
    if (this.#joined && this.#consumer !== null) this.#applyPauses(this.#consumer);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wakeFetch?.();
    this.#wakePoll?.();
    await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    await this.#consumer?.disconnect().catch(() => {});
  }

  async #consume(): Promise<void> {
    let passing = false;
    const consumer = this.#kafka.consumer({
      groupId: `${this.#options.groupPrefix}.reader.${randomUUID()}`,
      allowAutoTopicCreation: false,
      readUncommitted: false,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytes: FETCH_BYTES_MAX,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: SESSION_MS / 4,
      retry: {
        retries: 5,
        maxRetryTime: 500,
        // Asked only where kafkajs would start again; it would join the same group and wait for its own dead self.
        restartOnFailure: async () => {
          passing = true;
          return false;
        },
      },
    });
    const { events } = consumer;
    consumer.on(events.GROUP_JOIN, ({ payload }) => this.#seekAll(consumer, payload.memberAssignment));
    consumer.on(events.FETCH, () => this.#showLife());
    consumer.on(events.STOP, () => {
      this.#joined = false;
    });
    consumer.on(events.END_BATCH_PROCESS, ({ payload }) => {
      // Nothing but control, aborted or compacted records: #accept was not called.
      if (payload.batchSize === 0) this.#advance(payload.topic, payload.partition, Number(payload.lastOffset) + 1);
    });
    consumer.on(events.CRASH, ({ payload }) => {
      if (this.#stopped || consumer !== this.#consumer) return;
      if (passing && this.#mayRestart(payload.error)) this.start().catch((error) => this.#fail(error));
      else this.#fail(transportError("the consumer ended", payload.error));
    });
    this.#consumer = consumer;
    this.#startedMs = performance.now();
    await consumer.connect();
    await consumer.subscribe({ topics: [...this.#options.positions.keys()], fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatch: (payload) => this.#accept(payload) });
  }

  async #waitForRecords(waitMs: number): Promise<void> {
    if (waitMs <= 0) return;
    const startedMs = performance.now();
    await sleepUntil(waitMs, (wake) => {
      this.#wakePoll = wake;
    });
    this.#wakePoll = null;
    // A process that was stopped and woken has not waited longer than it asked for.
    this.#silentMs += Math.min(performance.now() - startedMs, waitMs);
    if (this.#silentMs > this.#options.unreachableMs) {
      this.#fail(
        new AppError(
          "transport",
          `Kafka: no answer for ${this.#silentMs | 0} ms`,
          "Check the brokers, then start again.",
        ),
      );
    }
  }

  async #accept(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const entry = this.#partitions.get(keyOf(batch.topic, batch.partition));
    if (entry === undefined) return;
    const first = batch.firstOffset();
    if (first !== null && Number(first) !== entry.position && this.#options.onJump !== null) {
      try {
        await this.#options.onJump(entry.topic, entry.partition, entry.position, Number(first));
      } catch (error) {
        this.#fail(transportError("reading", error));
      }
    }
    while (this.#ahead.bytes >= this.#options.queueBytesMax && payload.isRunning() && !this.#stopped) {
      await sleepUntil(HEARTBEAT_MS, (wake) => {
        this.#wakeFetch = wake;
      });
      this.#wakeFetch = null;
      this.#showLife();
      await payload.heartbeat();
    }
    if (!payload.isRunning() || payload.isStale() || this.#stopped || this.#failure !== null) return;
    this.#enqueue(entry, batch);
  }

  #enqueue(entry: Partition, batch: Batch): void {
    for (const message of batch.messages) {
      const offset = Number(message.offset);
      if (offset < entry.position) continue;
      this.#ahead.push(toRecord(batch.topic, batch.partition, offset, message));
      if (entry.queued++ === 0) entry.given = offset;
    }
    this.#advance(batch.topic, batch.partition, Number(batch.lastOffset()) + 1);
    this.#wakePoll?.();
  }

  #give({ topic, partition, offset }: InputRecord): void {
    const entry = this.#partitions.get(keyOf(topic, partition)) as Partition;
    entry.given = offset + 1;
    entry.queued--;
  }

  #advance(topic: string, partition: number, position: number): void {
    const entry = this.#partitions.get(keyOf(topic, partition));
    if (entry !== undefined && position > entry.position) entry.position = position;
  }

  #seekAll(consumer: Consumer, assigned: Record<string, number[]>): void {
    this.#showLife();
    const others: { topic: string; partitions: number[] }[] = [];
    for (const [topic, partitions] of Object.entries(assigned)) {
      for (const partition of partitions) {
        const entry = this.#partitions.get(keyOf(topic, partition));
        if (entry === undefined) others.push({ topic, partitions: [partition] });
        else consumer.seek({ topic, partition, offset: String(entry.position) });
      }
    }
    if (others.length > 0 && this.#options.onJump !== null) {
      const names = others.map(({ topic, partitions }) => `${topic}/${partitions.join()}`).join(", ");
      this.#fail(new AppError("transport", `Kafka: new partitions since the start: ${names}`, "Start again."));
    }
    if (others.length > 0) consumer.pause(others);
    this.#joined = true;
    this.#applyPauses(consumer);
  }

  #applyPauses(consumer: Consumer): void {
    for (const [key, { topic, partition }] of this.#partitions) {
      const target = [{ topic, partitions: [partition] }];
      if (this.#paused.has(key)) consumer.pause(target);
      else consumer.resume(target);
    }
  }

  #showLife(): void {
    this.#silentMs = 0;
    // Not at once: a batch that cannot be decoded crashes one consumer after the other.
    if (performance.now() - this.#startedMs > STABLE_MS) this.#outageSinceMs = null;
  }

  #mayRestart(error: unknown): boolean {
    if (errorKind(error) === "refused") return false;
    this.#outageSinceMs ??= performance.now();
    return performance.now() - this.#outageSinceMs < this.#options.unreachableMs;
  }

  #fail(error: AppError): void {
    if (this.#stopped) return;
    this.#failure ??= error;
    this.#wakePoll?.();
    this.#wakeFetch?.();
  }
}

function keyOf(topic: string, partition: number): string {
  return `${partition}/${topic}`;
}

function toRecord(topic: string, partition: number, offset: number, message: KafkaMessage): InputRecord {
  const { key, value } = message;
  const headers = toHeaders(Object.entries(message.headers ?? {}));
  return { topic, partition, offset, timestampMs: Number(message.timestamp), key, value, headers };
}

function toHeaders(
  entries: readonly [name: string, value: Buffer | string | (Buffer | string)[] | undefined][],
): Headers {
  if (entries.length === 0) return NO_HEADERS;
  const headers: Record<string, string | Uint8Array> = Object.create(null);
  for (const [name, value] of entries) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last != null) headers[name] = last;
  }
  return headers;
}

/** Resolves after `ms`, or when the function handed to `keep` is called. */
function sleepUntil(ms: number, keep: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    keep(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
