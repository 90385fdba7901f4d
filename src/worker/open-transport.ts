/** Config → the transport that it names, not yet opened. The Kafka client is loaded only where it is used. */
import { join } from "node:path";
import type { Config } from "../config/keys.ts";
import type { Log } from "../log.ts";
import { Journal } from "../transport/journal.ts";
import type { Transport } from "../transport/transport.ts";
import type { Now } from "./clock.ts";

/** A little under Kafka's default for a batch, so that the same records fit everywhere. */
export const RECORD_BYTES_MAX = 1_000_000;

export interface TransportUse {
  /** For checks beside an owner: it neither fences nor publishes nor appends. */
  readonly readOnly?: boolean;
  /** The Kafka client goes on while the engine works. */
  readonly ownThread?: boolean;
}

export async function makeTransport(
  config: Config,
  log: Log,
  now: Now,
  { readOnly = false, ownThread = false }: TransportUse = {},
): Promise<Transport> {
  const { identities, assignments, entitlements, requests, decisions } = config.topics;
  const { predictions, recommendations, flags, actions, audit, rejects, progress } = config.topics;
  const withPrefix = (topics: readonly string[]) => topics.map((topic) => config.topics.prefix + topic);
  const inputTopics = withPrefix([identities, assignments, entitlements, requests, decisions]);
  const outputTopics = withPrefix([predictions, recommendations, flags, actions]);
  const logTopics = withPrefix([audit, rejects]);
  const progressTopic = config.topics.prefix + progress;
  const { engine, kafka } = config;
  if (config.transport === "kafka") {
    const options = { engine, kafka, log, inputTopics, outputTopics, logTopics, progressTopic };
    if (ownThread) return new (await import("../transport/kafka/kafka-thread.ts")).KafkaThread(options);
    return new (await import("../transport/kafka/kafka-transport.ts")).KafkaTransport(options);
  }
  const partitioned = (topics: readonly string[]) =>
    Object.fromEntries(topics.map((topic) => [topic, config.topics.partitions]));
  return new Journal({
    folder: journalFolder(config),
    engine,
    inputTopics: partitioned(inputTopics),
    outputTopics: partitioned([...outputTopics, ...logTopics]),
    progressTopic,
    recordBytesMax: RECORD_BYTES_MAX,
    readOnly,
    now,
  });
}

export function journalFolder({ data }: Config): string {
  return join(data, "journal");
}
