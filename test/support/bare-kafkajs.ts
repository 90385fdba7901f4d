/** kafkajs as a user without our workarounds would use it, and producers whose transactions can be interleaved. */
import type { Kafka, Message, Producer, Transaction } from "kafkajs";
import { freshPrefix } from "./kafka-fixture.ts";

/** Every message names its partition. */
export const explicit =
  () =>
  ({ message }: { message: Message }) =>
    message.partition ?? 0;

/** Values of partition 0 from `from` on, for as long as records come within `idleMs`. */
export async function readBare(
  kafka: Kafka,
  topic: string,
  from: number,
  { idleMs = 1_500, maxBytesPerPartition = 1_000_000 } = {},
): Promise<string[]> {
  const values: string[] = [];
  const consumer = kafka.consumer({ groupId: freshPrefix(), maxWaitTimeInMs: 50, maxBytesPerPartition });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let lastMs = Date.now();
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => {
      values.push(String(message.value));
      lastMs = Date.now();
    },
  });
  consumer.seek({ topic, partition: 0, offset: String(from) });
  while (Date.now() - lastMs < idleMs) await new Promise((resolve) => setTimeout(resolve, 50));
  await consumer.disconnect();
  return values;
}

/** `what`: a value or message to send, or how to end the transaction of `who`. All is visible when it resolves. */
export type Step = readonly [who: string, what: string | Message];

export async function interleave(kafka: Kafka, topic: string, steps: readonly Step[]): Promise<void> {
  const open = new Map<string, Transaction>();
  const producers = new Map<string, Producer>();
  const prefix = freshPrefix();
  for (const [who, what] of steps) {
    const producer = producers.get(who) ?? (await connected(kafka, prefix + who));
    producers.set(who, producer);
    const transaction = open.get(who) ?? (await producer.transaction());
    open.set(who, transaction);
    if (what === "commit" || what === "abort") {
      await transaction[what]();
      open.delete(who);
    } else {
      const message = typeof what === "string" ? { key: "k", value: what } : what;
      await transaction.send({ topic, messages: [{ partition: 0, ...message }] });
    }
  }
  for (const [who, producer] of producers) {
    await producer.disconnect();
    // A successor begins when the markers of the last transaction are written.
    const successor = await connected(kafka, prefix + who);
    await successor.transaction();
    await successor.disconnect();
  }
}

/** Small transactions in a row, as fast as they go, until `done` or a thousand are made. */
export async function transactUntil(kafka: Kafka, topic: string, done: () => boolean): Promise<void> {
  const producer = await connected(kafka, freshPrefix());
  for (let n = 0; n < 1_000 && !done(); n++) {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ partition: 0, key: "k", value: "v" }] });
    await transaction.commit();
  }
  await producer.disconnect();
}

async function connected(kafka: Kafka, transactionalId: string): Promise<Producer> {
  const producer = kafka.producer({ transactionalId, createPartitioner: explicit });
  await producer.connect();
  return producer;
}
