/** Topics of their own for each test, and transports on them. */
import kafkajs, { type Kafka, type Producer } from "kafkajs";
import { pino } from "pino";
import type { KafkaConfig } from "../../src/config/keys.ts";
import { KafkaTransport, type KafkaTransportOptions } from "../../src/transport/kafka/kafka-transport.ts";
import { createTopics, type TopicPlan } from "../../src/transport/kafka/topics.ts";
import type { Broker } from "./kafka-broker.ts";

export const silent = pino({ level: "silent" });

let names = 0;

/** A prefix that no other test of the broker has. */
export function freshPrefix(): string {
  return `t${process.pid}-${Date.now().toString(36)}-${names++}.`;
}

export function kafkaConfig(brokers: readonly string[], more: Partial<KafkaConfig> = {}): KafkaConfig {
  return {
    brokers,
    clientId: "corollary-test",
    ssl: false,
    sslCaFile: null,
    saslMechanism: null,
    saslUsernameEnv: null,
    saslPasswordEnv: null,
    connectionTimeoutMs: 3_000,
    requestTimeoutMs: 15_000,
    transactionTimeoutMs: 20_000,
    replicationFactor: 1,
    ...more,
  };
}

/** A plain client of the test itself. */
export function testClient(broker: Broker): Kafka {
  return new kafkajs.Kafka({
    brokers: [...broker.brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 12 },
  });
}

export async function withProducer<T>(kafka: Kafka, work: (producer: Producer) => Promise<T>): Promise<T> {
  const producer = kafka.producer({ idempotent: true, createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    return await work(producer);
  } finally {
    await producer.disconnect();
  }
}

export interface World {
  readonly plan: TopicPlan;
  readonly engine: string;
  readonly kafka: Kafka;
  transport(more?: Partial<KafkaTransportOptions>): KafkaTransport;
  dispose(): Promise<void>;
}

/** Inputs of two partitions, outputs of three, all new. */
export async function makeWorld(broker: Broker): Promise<World> {
  const prefix = freshPrefix();
  const plan = {
    inputTopics: [`${prefix}in`],
    outputTopics: [`${prefix}out`],
    logTopics: [`${prefix}log`],
    progressTopic: `${prefix}progress`,
  };
  const kafka = testClient(broker);
  const admin = kafka.admin();
  await admin.connect();
  await createTopics(admin, plan, { inputPartitions: 2, outputPartitions: 3, replicationFactor: 1 });
  await admin.disconnect();
  const open: KafkaTransport[] = [];
  const engine = `${prefix}engine`;
  return {
    plan,
    engine,
    kafka,
    transport: (more = {}) => {
      const transport = new KafkaTransport({
        engine,
        kafka: kafkaConfig(broker.brokers),
        log: silent,
        ...plan,
        ...more,
      });
      open.push(transport);
      return transport;
    },
    dispose: async () => {
      for (const transport of open) await transport.close();
    },
  };
}
