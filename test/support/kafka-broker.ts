/**
 * A real Kafka broker for tests, on 127.0.0.1 only: the one named by KAFKA_BROKERS, else one started from Maven Central
 * jars (Java 17, Maven; jars kept in KAFKA_CACHE or `.cache`), else a Docker one. Stopped by its pid, always.
 */
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, test } from "vitest";
import { type ConsoleOptions, type ConsoleRecord, readWithConsole, writeWithConsole } from "./kafka-console.ts";
import { hasJars, kafkaJars, startJavaBroker } from "./kafka-java-broker.ts";
import { answers, freePort } from "./kafka-probe.ts";

export type KafkaVersion = "4.1.0" | "3.9.1";

export interface BrokerOptions {
  readonly version?: KafkaVersion;
  /** true: never the broker of KAFKA_BROKERS, because the test stops, kills or pauses it. */
  readonly own?: boolean;
  /** Further lines of server.properties. */
  readonly properties?: Readonly<Record<string, string>>;
}

export interface Broker {
  readonly brokers: readonly string[];
  /** false: the broker is not ours; kill, stop, restart, pause and resume throw. */
  readonly owned: boolean;
  /** SIGKILL; the log folders stay. */
  kill(): Promise<void>;
  /** SIGTERM, waits for the end. */
  stop(): Promise<void>;
  /** Starts again on the same port and folders. */
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Every record of the topic by Kafka's own reader. */
  consoleConsumer(topic: string, options?: ConsoleOptions): Promise<ConsoleRecord[]>;
  /** Writes values (key and value parted by a tab) with Kafka's own producer, compressed as told. */
  consoleProducer(topic: string, lines: readonly string[], compression: string): Promise<void>;
  /** Stops the process and removes its folders. */
  close(): Promise<void>;
}

/** COROLLARY_KAFKA_VERSION=3.9.1 runs the same tests on the older broker. */
export const DEFAULT_VERSION: KafkaVersion = process.env["COROLLARY_KAFKA_VERSION"] === "3.9.1" ? "3.9.1" : "4.1.0";
const START_TIMEOUT_MS = 60_000;
const DOCKER_IMAGE = "apache/kafka";
const run = promisify(execFile);

/** Why no broker can be had here, or null when one can. */
function brokerObstacle({ own = false, version = DEFAULT_VERSION }: BrokerOptions = {}): string | null {
  if (process.env["KAFKA_BROKERS"] !== undefined && !own) return null;
  if (canRunJava(version)) return null;
  if (own) return "no Java 17 with Maven to start a broker of its own";
  return dockerRuns() ? null : "no KAFKA_BROKERS, no Java 17 with Maven, no Docker daemon";
}

/**
 * null: no broker can be had; with REQUIRE_KAFKA=1 that is an error.
 * @public for soak runs, which are no test suite
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker | null> {
  const external = process.env["KAFKA_BROKERS"];
  const version = options.version ?? DEFAULT_VERSION;
  if (external !== undefined && options.own !== true) return externalBroker(external.split(","), version);
  const obstacle = brokerObstacle(options);
  if (obstacle === null)
    return canRunJava(version) ? startJavaBroker(version, options.properties ?? {}) : startDockerBroker(version);
  if (process.env["REQUIRE_KAFKA"] === "1") throw new Error(`REQUIRE_KAFKA=1, but ${obstacle}`);
  return null;
}

/**
 * A test suite on a live broker: one broker a file. Skipped, with the reason in its name, where no broker can be had;
 * with REQUIRE_KAFKA=1 it fails instead.
 */
export function describeKafka(name: string, options: BrokerOptions, body: (broker: () => Broker) => void): void {
  const obstacle = brokerObstacle(options);
  if (obstacle !== null && process.env["REQUIRE_KAFKA"] !== "1") {
    describe.skip(`${name} (skipped: ${obstacle})`, () => {
      test("needs a broker", () => {});
    });
    return;
  }
  describe(name, () => {
    let broker: Broker | null = null;
    beforeAll(async () => {
      broker = await startBroker(options);
    }, 600_000);
    afterAll(async () => {
      await broker?.close();
    }, 30_000);
    body(() => {
      if (broker === null) throw new Error("the broker has not been started");
      return broker;
    });
  });
}

function canRunJava(version: KafkaVersion): boolean {
  const java = spawnSync("java", ["-version"], { encoding: "utf8" });
  const major = Number(/version "(\d+)/.exec(java.stderr ?? "")?.[1] ?? 0);
  return major >= 17 && (hasJars(version) || spawnSync("mvn", ["-v"]).status === 0);
}

function dockerRuns(): boolean {
  return spawnSync("docker", ["info"], { timeout: 5_000 }).status === 0;
}

async function externalBroker(brokers: readonly string[], version: KafkaVersion): Promise<Broker> {
  const jars = canRunJava(version) ? await kafkaJars(version) : null;
  const tools = (): string => {
    if (jars === null) throw new Error("Kafka's console tools need Java 17 and Maven");
    return jars;
  };
  const notOurs = () => {
    throw new Error("KAFKA_BROKERS names a broker that is not ours to stop");
  };
  return {
    brokers,
    owned: false,
    kill: async () => notOurs(),
    stop: async () => notOurs(),
    restart: async () => notOurs(),
    pause: notOurs,
    resume: notOurs,
    consoleConsumer: async (topic, options = {}) => readWithConsole(tools(), brokers, topic, options),
    consoleProducer: async (topic, lines, codec) => writeWithConsole(tools(), brokers, topic, lines, codec),
    close: async () => {},
  };
}

async function startDockerBroker(version: KafkaVersion): Promise<Broker> {
  const port = await freePort();
  const name = `corollary-kafka-${process.pid}-${port}`;
  const environment = {
    KAFKA_NODE_ID: "1",
    KAFKA_PROCESS_ROLES: "broker,controller",
    KAFKA_LISTENERS: `PLAINTEXT://0.0.0.0:${port},CONTROLLER://127.0.0.1:19093`,
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
    KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
    KAFKA_CONTROLLER_QUORUM_VOTERS: "1@127.0.0.1:19093",
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "1",
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "1",
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
  };
  const settings = Object.entries(environment).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  const image = `${DOCKER_IMAGE}:${version}`;
  await run("docker", ["run", "-d", "--rm", "--name", name, "-p", `127.0.0.1:${port}:${port}`, ...settings, image]);
  const external = await externalBroker([`127.0.0.1:${port}`], version);
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(port)) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 300));
  return {
    ...external,
    close: async () => {
      await run("docker", ["rm", "-f", name]);
    },
  };
}
