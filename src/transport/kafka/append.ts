/**
 * Appends the records of one source (a file, a call) to input topics, once: how many are there travels as a committed
 * offset in the same transaction, under a consumer group named after the source. Brokers forget such an offset
 * `offsets.retention.minutes` (by default 7 days) after its last change; a repeat after that is appended again.
 */
import { createHash } from "node:crypto";
import type { Kafka, Producer } from "kafkajs";
import { AppError } from "../../errors.ts";
import type { OutputRecord } from "../transport.ts";
import { withAdmin } from "./admin.ts";
import { chunked, encodedBytes } from "./chunks.ts";
import { errorKind, transportError } from "./kafka-errors.ts";
import { explicitPartition } from "./sink.ts";

export interface AppendOptions {
  readonly engine: string;
  /** The topic that the count is an offset of. */
  readonly progressTopic: string;
  readonly transactionTimeoutMs: number;
  readonly unreachableMs: number;
  readonly recordBytesMax: number;
}

const TRANSACTION_RECORDS_MAX = 5_000;
/** In vain, one after another: each may have lost the transaction's timeout. */
const TRIES_MAX = 8;

/** Throws AppError("transport"), and AppError("fenced") when another process appends the same source meanwhile. */
export async function appendSource(
  kafka: Kafka,
  options: AppendOptions,
  source: string,
  records: readonly OutputRecord[],
): Promise<void> {
  const group = `${options.engine}.import.${createHash("sha256").update(source).digest("hex").slice(0, 32)}`;
  const append = new Append(kafka, options, source, group);
  for (let tries = 1, waitMs = 50; ; tries++, waitMs *= 2) {
    try {
      return await append.attempt(records);
    } catch (error) {
      if (errorKind(error) !== "epoch" || tries === TRIES_MAX) throw transportError(`appending ${source}`, error);
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    await append.refuseRival();
  }
}

/**
 * A rival and a transaction that the broker timed out look the same in the protocol. What tells them apart is the
 * committed count: only a rival moves it without us. It is asked before a rival is fenced, so that one who has come
 * further is left alone.
 */
class Append {
  readonly #kafka: Kafka;
  readonly #options: AppendOptions;
  readonly #source: string;
  readonly #group: string;
  /** What we last saw or committed; null: nothing yet. */
  #count: number | null = null;

  constructor(kafka: Kafka, options: AppendOptions, source: string, group: string) {
    this.#kafka = kafka;
    this.#options = options;
    this.#source = source;
    this.#group = group;
  }

  /** Appends what is not yet there. */
  async attempt(records: readonly OutputRecord[]): Promise<void> {
    const { transactionTimeoutMs, recordBytesMax } = this.#options;
    const producer = this.#kafka.producer({
      transactionalId: this.#group,
      transactionTimeout: transactionTimeoutMs,
      allowAutoTopicCreation: false,
      createPartitioner: () => explicitPartition,
    });
    try {
      await producer.connect();
      for (const record of records) encodedBytes(record, recordBytesMax);
      // Ends what a dead process left open, so that the count below is final.
      await (await producer.transaction()).abort();
      for (let from = await this.refuseRival(); from < records.length; ) {
        const chunk = records.slice(from, from + TRANSACTION_RECORDS_MAX);
        from += chunk.length;
        await appendChunk(producer, this.#options, this.#group, chunk, from);
        this.#count = from;
      }
    } finally {
      await producer.disconnect().catch(() => {});
    }
  }

  /** Answers how many records are there. Throws AppError("fenced"). */
  async refuseRival(): Promise<number> {
    const count = await appendedCount(this.#kafka, this.#options, this.#group);
    this.#count ??= count;
    if (count === this.#count) return count;
    throw new AppError(
      "fenced",
      `another process appends ${this.#source} too`,
      "Let it finish, then repeat if needed.",
    );
  }
}

/** `count`: how many records of the source are there when this is committed. */
async function appendChunk(
  producer: Producer,
  { progressTopic: topic, recordBytesMax }: AppendOptions,
  group: string,
  chunk: readonly OutputRecord[],
  count: number,
): Promise<void> {
  const transaction = await producer.transaction();
  for (const topicMessages of chunked(chunk, recordBytesMax)) {
    await transaction.sendBatch({ topicMessages });
  }
  const partitions = [{ partition: 0, offset: String(count) }];
  await transaction.sendOffsets({ consumerGroupId: group, topics: [{ topic, partitions }] });
  await transaction.commit();
}

async function appendedCount(kafka: Kafka, options: AppendOptions, group: string): Promise<number> {
  const { progressTopic: topic, unreachableMs } = options;
  const committed = await withAdmin(kafka, unreachableMs, "asking what was appended", (admin) =>
    admin.fetchOffsets({ groupId: group, topics: [topic] }),
  );
  const offset = committed[0]?.partitions.find(({ partition }) => partition === 0)?.offset ?? "-1";
  return Math.max(0, Number(offset));
}
