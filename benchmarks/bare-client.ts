/**
 * kafkajs alone doing what the worker does to Kafka: it reads the same input records, and writes the same output records
 * with the same keys, headers, values and partitions in transactions of the same size, progress record and offsets
 * included. It decodes, computes and stores nothing; what it writes is ready before the clock starts. `kafka` is to be a
 * client without our faster encoding.
 */
import type { Consumer, Kafka, Producer, TopicMessages } from "kafkajs";
import { BATCH_BYTES_MAX, buffer, chunked } from "../src/transport/kafka/chunks.ts";
import { protocolType } from "../src/transport/kafka/kafka-errors.ts";
import { explicitPartition } from "../src/transport/kafka/sink.ts";
import type { Positions } from "../src/transport/transport.ts";
import { sumOf, withAdminOf } from "./pipeline-tail.ts";
import type { TransactionTopics, WorkerTransaction } from "./pipeline-transactions.ts";
import { type Cost, rounded } from "./report.ts";

export interface BareRun {
  readonly engine: string;
  readonly kafka: Kafka;
  readonly topics: TransactionTopics;
  /** Where the input topics are read from. */
  readonly from: Positions;
  /** Not timed: they warm up the client. */
  readonly warmUp: readonly WorkerTransaction[];
  readonly measured: readonly WorkerTransaction[];
  /** Records in the input topics behind `from`, as far as the transactions go. */
  readonly inputs: number;
}

interface Prepared {
  readonly requests: readonly TopicMessages[][];
  readonly positions: Positions;
}

const SESSION_MS = 30_000;
const TRANSACTION_TIMEOUT_MS = 60_000;
const OFFSETS_TRIES = 8;

export async function runBare(run: BareRun): Promise<Cost> {
  const { kafka, engine, topics } = run;
  const name = `${engine}.bare`;
  const prepare = ({ records, progress, positions }: WorkerTransaction): Prepared => {
    const renamed = records.map((record) => ({ ...record, topic: topics.nameOf(record.topic) }));
    const last = {
      topic: topics.nameOf(topics.progress),
      messages: [{ key: name, value: buffer(progress), partition: 0 }],
    };
    return { requests: chunked(renamed, BATCH_BYTES_MAX, last), positions };
  };
  const [warmUp, measured] = [run.warmUp.map(prepare), run.measured.map(prepare)];
  const reader = await BareReader.open(run, `${name}.reader`);
  const producer = kafka.producer({
    transactionalId: name,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
    allowAutoTopicCreation: false,
    createPartitioner: () => explicitPartition,
  });
  await producer.connect();
  try {
    await copy(reader, producer, name, warmUp);
    const cpu = process.cpuUsage();
    const startedMs = performance.now();
    await copy(reader, producer, name, measured);
    const seconds = rounded((performance.now() - startedMs) / 1000);
    const { user, system } = process.cpuUsage(cpu);
    return { seconds, cpuSeconds: rounded((user + system) / 1_000_000) };
  } finally {
    await reader.close();
    await producer.disconnect();
  }
}

async function copy(
  reader: BareReader,
  producer: Producer,
  name: string,
  transactions: readonly Prepared[],
): Promise<void> {
  for (const { requests, positions } of transactions) {
    await reader.readTo(positions);
    const transaction = await producer.transaction();
    for (const topicMessages of requests) await transaction.sendBatch({ topicMessages });
    const topics = [...positions].map(([topic, offsets]) => ({ topic, partitions: partitionOffsets(offsets) }));
    await patiently(() => transaction.sendOffsets({ consumerGroupId: name, topics }));
    await transaction.commit();
  }
}

/** The group may still be busy with the last transaction, which kafkajs does not wait for. */
async function patiently(send: () => Promise<void>): Promise<void> {
  for (let tries = 1, waitMs = 10; ; tries += 1, waitMs *= 2) {
    try {
      return await send();
    } catch (error) {
      if (tries === OFFSETS_TRIES || protocolType(error) !== "CONCURRENT_TRANSACTIONS") throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

class BareReader {
  readonly #consumer: Consumer;
  readonly #start: number;
  readonly #inputs: number;
  #read = 0;
  #wake: () => void = () => {};

  private constructor(consumer: Consumer, { from, inputs }: BareRun) {
    this.#consumer = consumer;
    this.#start = sumOf(from);
    this.#inputs = inputs;
  }

  static async open(run: BareRun, groupId: string): Promise<BareReader> {
    const { kafka, from } = run;
    await withAdminOf(kafka, async (admin) => {
      for (const [topic, offsets] of from) {
        await admin.setOffsets({ groupId, topic, partitions: partitionOffsets(offsets) });
      }
    });
    const consumer = kafka.consumer({ groupId, sessionTimeout: SESSION_MS, maxWaitTimeInMs: 100 });
    const reader = new BareReader(consumer, run);
    await consumer.connect();
    await consumer.subscribe({ topics: [...from.keys()], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        reader.#read += batch.messages.length;
        reader.#wake();
      },
    });
    return reader;
  }

  /** Resolves when as many records were read as lie before the positions; markers of transactions count as records. */
  async readTo(positions: Positions): Promise<void> {
    const count = Math.min(sumOf(positions) - this.#start, this.#inputs);
    while (this.#read < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async close(): Promise<void> {
    await this.#consumer.disconnect();
  }
}

function partitionOffsets(offsets: ReadonlyMap<number, number>): { partition: number; offset: string }[] {
  return [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }));
}
