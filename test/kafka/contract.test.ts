import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Transaction } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { KafkaThread } from "../../src/transport/kafka/kafka-thread.ts";
import { KafkaTransport, type KafkaTransportOptions } from "../../src/transport/kafka/kafka-transport.ts";
import { makeTopics } from "../../src/transport/kafka/topics.ts";
import type { PublishBatch, Transport } from "../../src/transport/transport.ts";
import { transportContract } from "../contracts/transport.ts";
import type { CutOff, TransportFixture } from "../contracts/transport-fixture.ts";
import { type Broker, describeKafka } from "../support/kafka-broker.ts";
import { freshPrefix, kafkaConfig, silent, testClient, withProducer } from "../support/kafka-fixture.ts";
import { hookTransactions } from "../support/producer-hooks.ts";
import { PROJECT_ROOT } from "../support/project-root.ts";

/** Built, because a thread of Node does not read TypeScript. */
const THREAD = pathToFileURL(join(PROJECT_ROOT, "dist/transport/kafka/thread-main.js"));

describeKafka("Kafka", {}, (broker) => {
  const cuts = new Map<string, CutOff>();
  beforeAll(() => {
    hookTransactions((transactionalId) => {
      const engine = transactionalId.split(".import.")[0] ?? "";
      const moment = cuts.get(engine);
      // The first transaction of the engine itself is the mark of its fence, that of an import ends what was open.
      const isAppend = transactionalId !== engine;
      if (moment === undefined || isAppend !== (moment === "append")) return undefined;
      return (transaction, nth) => (nth === 2 ? cutCommit(transaction, moment) : transaction);
    });
  });
  afterAll(() => {
    vi.restoreAllMocks();
  });
  transportContract("Kafka", () => makeFixture(broker(), cuts, (options) => new KafkaTransport(options)));
  transportContract(
    "Kafka in a thread of its own",
    () => makeFixture(broker(), cuts, (options) => new KafkaThread(options, THREAD)),
    { cutOffs: "the client in the other thread is out of the reach of hooks, and the same as without it" },
  );
});

describe("the thread of the Kafka client", () => {
  const kafka = kafkaConfig(["127.0.0.1:1"], { ssl: true, sslCaFile: "nowhere.pem" });
  const topics = { inputTopics: ["in"], outputTopics: ["out"], logTopics: [], progressTopic: "progress" };
  const options = { engine: "engine", kafka, log: silent, ...topics };

  test("errors come over as they are", async () => {
    const thread = new KafkaThread(options, THREAD);
    const error = { name: "AppError", code: "config", message: expect.stringContaining("nowhere.pem") };
    await expect(thread.open()).rejects.toMatchObject(error);
    await thread.close();
    await expect(thread.fence()).rejects.toMatchObject({ code: "internal" });
  });

  test("records that are packed are not asked for", async () => {
    const thread = new KafkaThread(options, THREAD);
    const batch: PublishBatch = {
      packed: [],
      progress: new Uint8Array(),
      positions: new Map(),
      get records(): never {
        throw new Error("asked for");
      },
    };
    const answer: unknown = await thread.publish(batch).catch((error: unknown) => error);
    expect(String(answer)).not.toContain("asked for");
    await thread.close();
  });

  test("one that cannot run, or has ended, answers every call with its error", async () => {
    const thread = new KafkaThread(options, pathToFileURL(join(PROJECT_ROOT, "nowhere.js")));
    await expect(thread.open()).rejects.toThrow("nowhere.js");
    await expect(thread.fence()).rejects.toThrow("nowhere.js");
    await thread.close();
    await thread.close();
  });
});

function cutCommit(transaction: Transaction, moment: CutOff): Transaction {
  const commit = async (): Promise<void> => {
    if (moment !== "publish before commit") await transaction.commit();
    throw new Error("the connection was cut by the test");
  };
  return { ...transaction, commit };
}

async function makeFixture(
  broker: Broker,
  cuts: Map<string, CutOff>,
  make: (options: KafkaTransportOptions) => Transport,
): Promise<TransportFixture> {
  const prefix = freshPrefix();
  const [inputTopic, secondInputTopic] = [`${prefix}in`, `${prefix}in2`];
  const [outputTopic, secondOutputTopic, progressTopic] = [`${prefix}out`, `${prefix}out2`, `${prefix}progress`];
  const compacted = { configEntries: [{ name: "cleanup.policy", value: "compact" }] };
  const kept = { configEntries: [{ name: "retention.ms", value: "-1" }] };
  const kafka = testClient(broker);
  const admin = kafka.admin();
  await admin.connect();
  await makeTopics(admin, [
    { topic: inputTopic, numPartitions: 2, ...kept },
    { topic: secondInputTopic, numPartitions: 1, ...kept },
    { topic: outputTopic, numPartitions: 3, ...compacted },
    { topic: secondOutputTopic, numPartitions: 1 },
    { topic: progressTopic, numPartitions: 1, ...kept },
  ]);
  await admin.disconnect();
  const open: Transport[] = [];
  const engine = `${prefix}engine`;
  const transport = (): Transport => {
    const made = make({
      engine,
      kafka: kafkaConfig(broker.brokers),
      log: silent,
      inputTopics: [inputTopic, secondInputTopic],
      outputTopics: [outputTopic],
      logTopics: [secondOutputTopic],
      progressTopic,
    });
    open.push(made);
    return made;
  };
  return {
    inputTopic,
    secondInputTopic,
    outputTopic,
    secondOutputTopic,
    transport: () => {
      cuts.delete(engine);
      return transport();
    },
    cutOff: (moment) => {
      cuts.set(engine, moment);
      return transport();
    },
    produce: (topic, partition, { key, value, headers }) =>
      withProducer(kafka, async (producer) => {
        const bytes = Object.entries(headers).map(([name, header]) => [name, Buffer.from(header)] as const);
        const message = {
          partition,
          key: key === null ? null : Buffer.from(key),
          value: value === null ? null : Buffer.from(value),
          headers: Object.fromEntries(bytes),
        };
        await producer.send({ topic, messages: [message] });
      }),
    dispose: async () => {
      for (const made of open) await made.close();
    },
  };
}
