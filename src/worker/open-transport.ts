/** Config → the transport that it names, not yet opened. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import { Journal } from "../transport/journal.ts";
import type { Transport } from "../transport/transport.ts";
import type { Now } from "./clock.ts";

/** A little under Kafka's default for a batch, so that the same records fit everywhere. */
const RECORD_BYTES_MAX = 1_000_000;

export function makeTransport(config: Config, _log: Log, now: Now): Transport {
  const { identities, assignments, entitlements, requests, decisions } = config.topics;
  const { predictions, recommendations, flags, actions, audit, rejects } = config.topics;
  return new Journal({
    folder: join(config.data, "journal"),
    engine: config.engine,
    inputTopics: partitionsOf(config, [identities, assignments, entitlements, requests, decisions]),
    outputTopics: partitionsOf(config, [predictions, recommendations, flags, actions, audit, rejects]),
    progressTopic: config.topics.prefix + config.topics.progress,
    recordBytesMax: RECORD_BYTES_MAX,
    now,
  });
}

function partitionsOf(config: Config, topics: readonly string[]): Record<string, number> {
  return Object.fromEntries(topics.map((topic) => [config.topics.prefix + topic, config.topics.partitions]));
}
