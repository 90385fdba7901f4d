/** Makes kafkajs clients from options. Passwords come from the environment and appear in no option and no log. */
import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import kafkajs, { type Kafka, type LogEntry, type RetryOptions, type SASLOptions } from "kafkajs";
import type { Logger } from "pino";
import { AppError } from "../../errors.ts";

export type KafkaLog = Pick<Logger, "debug" | "info" | "warn" | "error">;

export interface TlsFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface SaslOptions {
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
  /** Names of the environment variables that hold the credentials. */
  readonly usernameEnv: string;
  readonly passwordEnv: string;
}

export interface KafkaClientOptions {
  /** host:port, at least one. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: boolean | TlsFiles;
  readonly sasl?: SaslOptions | null;
  readonly connectTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly log: KafkaLog;
}

/**
 * Low first waits: a broker answers CONCURRENT_TRANSACTIONS for some milliseconds after each commit, and the default of
 * 300 ms would rule the throughput. About 15 s in all.
 */
const RETRY: RetryOptions = { initialRetryTime: 10, multiplier: 2, maxRetryTime: 500, retries: 32, factor: 0.2 };

/** Throws AppError("config") when a file or an environment variable is missing. */
export function createKafka(options: KafkaClientOptions): Kafka {
  return new kafkajs.Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    ...(options.ssl === undefined || options.ssl === false ? {} : { ssl: tls(options.ssl) }),
    ...(options.sasl === undefined || options.sasl === null ? {} : { sasl: credentials(options.sasl) }),
    connectionTimeout: options.connectTimeoutMs ?? 3_000,
    requestTimeout: options.requestTimeoutMs ?? 15_000,
    retry: RETRY,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => (entry) => write(options.log, entry),
  });
}

function tls(ssl: true | TlsFiles): true | ConnectionOptions {
  if (ssl === true) return true;
  return {
    ...(ssl.caFile === undefined ? {} : { ca: readKeyFile("kafka.ssl.caFile", ssl.caFile) }),
    ...(ssl.certFile === undefined ? {} : { cert: readKeyFile("kafka.ssl.certFile", ssl.certFile) }),
    ...(ssl.keyFile === undefined ? {} : { key: readKeyFile("kafka.ssl.keyFile", ssl.keyFile) }),
  };
}

function readKeyFile(key: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new AppError("config", `${key}: ${path} cannot be read`, "Name a readable PEM file.", error);
  }
}

function credentials(sasl: SaslOptions): SASLOptions {
  const username = fromEnvironment("kafka.sasl.usernameEnv", sasl.usernameEnv);
  const password = fromEnvironment("kafka.sasl.passwordEnv", sasl.passwordEnv);
  return { mechanism: sasl.mechanism, username, password } as SASLOptions;
}

function fromEnvironment(key: string, name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new AppError("config", `${key}: the environment variable ${name} is not set`, `Set ${name}.`);
  }
  return value;
}

/** Only these fields of a kafkajs entry are logged: others may hold payloads or credentials. */
const LOGGED_FIELDS = ["broker", "groupId", "topic", "partition", "error", "retryCount", "retryTime"] as const;

function write(log: KafkaLog, entry: LogEntry): void {
  const fields: Record<string, unknown> = { kafkajs: entry.namespace };
  for (const name of LOGGED_FIELDS) {
    const value: unknown = entry.log[name];
    if (typeof value === "string" || typeof value === "number") fields[name] = value;
  }
  if (entry.level === kafkajs.logLevel.ERROR) log.warn(fields, entry.log.message);
  else log.debug(fields, entry.log.message);
}
