/** Makes kafkajs clients. Credentials come from the environment and appear in no option of ours and no log line. */
import { readFileSync } from "node:fs";
import kafkajs, { type Kafka, type LogEntry, type RetryOptions, type SASLOptions } from "kafkajs";
import type { KafkaConfig } from "../../config/keys.ts";
import { AppError } from "../../errors.ts";
import type { Log } from "../../log.ts";

/**
 * Low first waits: a broker answers CONCURRENT_TRANSACTIONS for some milliseconds after each commit, and the default of
 * 300 ms would rule the throughput. About 15 s in all.
 */
const RETRY: RetryOptions = { initialRetryTime: 10, multiplier: 2, maxRetryTime: 500, retries: 32, factor: 0.2 };

/**
 * Throws AppError("config") when the file or an environment variable that the configuration names is missing.
 * `library`: another copy of kafkajs, to measure against.
 */
export function createKafka(config: KafkaConfig, log: Log, library: Pick<typeof kafkajs, "Kafka"> = kafkajs): Kafka {
  const sasl = credentials(config);
  return new library.Kafka({
    brokers: [...config.brokers],
    clientId: config.clientId,
    ssl: config.ssl && config.sslCaFile !== null ? { ca: readAuthority(config.sslCaFile) } : config.ssl,
    ...(sasl === null ? {} : { sasl }),
    connectionTimeout: config.connectionTimeoutMs,
    requestTimeout: config.requestTimeoutMs,
    retry: RETRY,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => entryWriter(log),
  });
}

function readAuthority(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new AppError("config", `kafka.sslCaFile is "${path}"; allowed: a PEM file that can be read`, null, error);
  }
}

function credentials(config: KafkaConfig): SASLOptions | null {
  if (config.saslMechanism === null) return null;
  const username = fromEnvironment("saslUsernameEnv", config.saslUsernameEnv);
  const password = fromEnvironment("saslPasswordEnv", config.saslPasswordEnv);
  return { mechanism: config.saslMechanism, username, password };
}

function fromEnvironment(key: string, name: string | null): string {
  const value = name === null ? undefined : process.env[name];
  if (value !== undefined && value !== "") return value;
  throw new AppError("config", `kafka.${key} is "${name}"; allowed: an environment variable that is set`);
}

/** Only these fields of a kafkajs entry are logged: others may hold payloads or credentials. */
const LOGGED_FIELDS = ["broker", "groupId", "topic", "partition", "error", "retryCount", "retryTime"] as const;

/** A broker that is away fails many times a second: the same words again within this time are for debugging only. */
const SAME_WARNING_MS = 60_000;
const WARNINGS_KEPT_MAX = 100;
/** What they say of a broker, its connection has said before. */
const ECHOES = new Set(["BrokerPool"]);

function entryWriter(log: Log): (entry: LogEntry) => void {
  const warnedAt = new Map<string, number>();
  const isNews = (words: string): boolean => {
    const last = warnedAt.get(words) ?? Number.NEGATIVE_INFINITY;
    const now = performance.now();
    if (now - last < SAME_WARNING_MS) return false;
    if (warnedAt.size >= WARNINGS_KEPT_MAX) warnedAt.clear();
    warnedAt.set(words, now);
    return true;
  };
  return ({ level, namespace, log: { message, ...details } }) => {
    const fields: Record<string, unknown> = { kafkajs: namespace };
    for (const name of LOGGED_FIELDS) {
      const value: unknown = details[name];
      if (typeof value === "string" || typeof value === "number") fields[name] = value;
    }
    const isWarning = level === kafkajs.logLevel.ERROR && !ECHOES.has(namespace);
    if (isWarning && isNews(`${namespace} ${String(fields["broker"])} ${message}`)) log.warn(fields, message);
    else log.debug(fields, message);
  };
}
