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

/** Throws AppError("transport"), and AppError("fenced") when another process appends the same source meanwhile. */
export async function appendSource(
  kafka: Kafka,
  options: AppendOptions,
  source: string,
  records: readonly OutputRecord[],
): Promise<void> {
  const group = `${options.engine}.import.${createHash("sha256").update(source).digest("hex").slice(0, 32)}`;
  const producer = kafka.producer({
    transactionalId: group,
    transactionTimeout: options.transactionTimeoutMs,
    allowAutoTopicCreation: false,
    createPartitioner: () => explicitPartition,
  });
  try {
    await producer.connect();
    for (const record of records) encodedBytes(record, options.recordBytesMax);
    // Ends what a dead process left open, so that the count below is final.
    await (await producer.transaction()).abort();
    const done = await appendedCount(kafka, options, group);
    for (let from = done; from < records.length; from += TRANSACTION_RECORDS_MAX) {
      await appendChunk(producer, options, group, records, from);
    }
  } catch (error) {
    if (errorKind(error) === "epoch") {
      throw new AppError(
        "fenced",
        `another process appends ${source} too`,
        "Let it finish, then repeat if needed.",
        error,
      );
    }
    throw transportError(`appending ${source}`, error);
  } finally {
    await producer.disconnect().catch(() => {});
  }
}

async function appendChunk(
  producer: Producer,
  options: AppendOptions,
  group: string,
  records: readonly OutputRecord[],
  from: number,
): Promise<void> {
  const chunk = records.slice(from, from + TRANSACTION_RECORDS_MAX);
  const transaction = await producer.transaction();
  for (const topicMessages of chunked(chunk, options.recordBytesMax)) {
    await transaction.sendBatch({ topicMessages });
  }
  const offset = String(from + chunk.length);
  await transaction.sendOffsets({
    consumerGroupId: group,
    topics: [{ topic: options.progressTopic, partitions: [{ partition: 0, offset }] }],
  });
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
