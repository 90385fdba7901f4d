/**
 * Publishes batches: one Kafka transaction each, with one transactional producer.
 *
 * 1. One strike: after any error the producer is dropped; the next `fence` makes another with the same transactional id.
 *    kafkajs never retries the end of a transaction and refuses everything afterwards.
 * 2. `fence` commits a mark (key engine, no value, header `cor-fence` with the name of this instance) to the progress
 *    topic. Its offset bounds the search for the last progress record, and a mark of another instance behind ours tells
 *    a rival from a transaction that the broker timed out: both look the same in the protocol.
 * 3. Records carry their partition, since a retry of kafkajs may choose another one.
 */
import type { Kafka, Message, Producer, RecordMetadata, TopicMessages, Transaction } from "kafkajs";
import { AppError } from "../../errors.ts";
import type { Positions, PublishBatch, PublishOutcome } from "../transport.ts";
import { buffer, chunked } from "./chunks.ts";
import { errorKind, protocolType, transportError } from "./kafka-errors.ts";

export const FENCE_HEADER = "cor-fence";

export interface SinkOptions {
  readonly engine: string;
  /** Distinguishes this process from every other one of the same engine. */
  readonly instance: string;
  readonly progressTopic: string;
  readonly transactionTimeoutMs: number;
  /** How long `fence` tries to reach the brokers. */
  readonly unreachableMs: number;
  /** Whether a rival has fenced us, judged by the progress topic from this offset on. */
  readonly rivalSince: (offset: number) => Promise<boolean>;
}

const OFFSETS_TRIES = 8;
const PASSING_OFFSET_ERRORS = new Set([
  "CONCURRENT_TRANSACTIONS",
  "GROUP_LOAD_IN_PROGRESS",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "NOT_COORDINATOR_FOR_GROUP",
]);

export class Sink {
  readonly #kafka: Kafka;
  readonly #options: SinkOptions;
  #producer: Producer | null = null;
  #ownOffset: number | null = null;
  /** No transaction but a mark since the last mark. */
  #settled = true;
  #closed = false;

  constructor(kafka: Kafka, options: SinkOptions) {
    this.#kafka = kafka;
    this.#options = options;
  }

  /** Offset of our last record, or else mark, in the progress topic; null before the first fence. */
  get ownOffset(): number | null {
    return this.#ownOffset;
  }

  /** Takes over from every other producer of this engine, unless a rival has taken over from us. */
  async fence(): Promise<"owner" | "fenced"> {
    await this.#drop();
    if (await this.#isOvertaken()) return "fenced";
    const deadlineMs = performance.now() + this.#options.unreachableMs;
    for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 2_000)) {
      if (this.#closed) throw new AppError("transport", "closed while taking over");
      try {
        this.#producer = this.#newProducer();
        await this.#producer.connect();
        this.#ownOffset = await this.#mark(this.#producer);
        return "owner";
      } catch (error) {
        await this.#drop();
        const kind = errorKind(error);
        // Without a rival's mark the broker may have timed out ours: try again.
        if (kind === "epoch" && (await this.#isOvertaken())) return "fenced";
        if (kind === "refused" || performance.now() + waitMs > deadlineMs) throw transportError("taking over", error);
        await sleep(waitMs);
      }
    }
  }

  /** Throws AppError("transport") when a record is too large or the brokers refuse for good: trying again is vain. */
  async publish(batch: PublishBatch, recordBytesMax: number): Promise<PublishOutcome> {
    const producer = this.#producer;
    if (producer === null) throw new AppError("internal", "publish without fence");
    const { engine, progressTopic } = this.#options;
    const progress: Message = { key: engine, value: buffer(batch.progress), partition: 0 };
    const requests = chunked(batch.records, recordBytesMax, { topic: progressTopic, messages: [progress] });
    const attempt = { committing: false };
    this.#settled = false;
    try {
      this.#ownOffset = await within(
        this.#options.transactionTimeoutMs,
        this.#transact(producer, requests, batch.positions, attempt),
      );
      return "committed";
    } catch (error) {
      return this.#outcome(error, attempt.committing);
    }
  }

  /**
   * A commit is answered before its markers are everywhere, so a reader may not see it yet. The next transaction of the
   * same producer waits for them.
   */
  async settle(): Promise<void> {
    if (this.#producer === null || this.#settled) return;
    try {
      this.#ownOffset = await this.#mark(this.#producer);
    } catch (error) {
      await this.#drop();
      throw transportError("waiting for the last commit", error);
    }
  }

  /** Ends a fence that is under way, too. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#drop();
  }

  /** Before our own first mark nobody can have overtaken us: who marks last goes on. */
  async #isOvertaken(): Promise<boolean> {
    return this.#ownOffset !== null && this.#options.rivalSince(this.#ownOffset + 1);
  }

  #newProducer(): Producer {
    return this.#kafka.producer({
      transactionalId: this.#options.engine,
      transactionTimeout: this.#options.transactionTimeoutMs,
      allowAutoTopicCreation: false,
      createPartitioner: () => explicitPartition,
    });
  }

  async #mark(producer: Producer): Promise<number> {
    const transaction = await producer.transaction();
    const { engine, instance, progressTopic: topic } = this.#options;
    const mark: Message = { key: engine, value: null, partition: 0, headers: { [FENCE_HEADER]: instance } };
    const sent = await transaction.sendBatch({ topicMessages: [{ topic, messages: [mark] }] });
    const offset = this.#progressOffset(sent);
    await transaction.commit();
    this.#settled = true;
    return offset;
  }

  async #transact(
    producer: Producer,
    requests: readonly TopicMessages[][],
    positions: Positions,
    attempt: { committing: boolean },
  ): Promise<number> {
    const transaction = await producer.transaction();
    let sent: RecordMetadata[] = [];
    try {
      for (const topicMessages of requests) {
        sent = await transaction.sendBatch({ topicMessages });
      }
      await this.#sendOffsets(transaction, positions);
    } catch (error) {
      // No fence will follow a refusal: end it here, or readers wait for the transaction's timeout.
      if (errorKind(error) === "refused") await transaction.abort().catch(() => {});
      throw error;
    }
    const offset = this.#progressOffset(sent);
    attempt.committing = true;
    await transaction.commit();
    return offset;
  }

  /** kafkajs looks for other error names than the broker's, so it never tries again by itself. */
  async #sendOffsets(transaction: Transaction, positions: Positions): Promise<void> {
    if (positions.size === 0) return;
    const topics = [...positions].map(([topic, offsets]) => ({
      topic,
      partitions: [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) })),
    }));
    for (let tries = 1, waitMs = 10; ; tries++, waitMs *= 2) {
      try {
        return await transaction.sendOffsets({ consumerGroupId: this.#options.engine, topics });
      } catch (error) {
        if (tries === OFFSETS_TRIES || !PASSING_OFFSET_ERRORS.has(protocolType(error) ?? "")) throw error;
        await sleep(waitMs);
      }
    }
  }

  #progressOffset(sent: readonly RecordMetadata[]): number {
    const metadata = sent.find(({ topicName }) => topicName === this.#options.progressTopic);
    const offset = Number(metadata?.baseOffset ?? -1);
    if (offset < 0) throw new Error("the broker did not tell the offset of the progress record");
    return offset;
  }

  async #outcome(error: unknown, committing: boolean): Promise<PublishOutcome> {
    await this.#drop();
    const kind = errorKind(error);
    if (kind === "refused" && !committing) throw transportError("publishing", error);
    if (kind === "epoch") {
      const rival = await this.#options.rivalSince((this.#ownOffset ?? -1) + 1).catch(() => false);
      if (rival) return "fenced";
    }
    // Without a request to commit nobody commits: the next fence aborts what is open.
    return committing ? "unknown" : "aborted";
  }

  async #drop(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    await producer?.disconnect().catch(() => {});
  }
}

/** Every message names its partition. */
export function explicitPartition({ message }: { message: Message }): number {
  if (message.partition === undefined) throw new AppError("internal", "a record without a partition");
  return message.partition;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
