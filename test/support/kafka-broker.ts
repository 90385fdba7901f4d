/**
 * A real Kafka broker for tests, on 127.0.0.1 only: the one named by KAFKA_BROKERS, else one started from Maven Central
 * jars (Java 17, Maven; jars kept in COROLLARY_CACHE or `.cache`), else a Docker one. Stopped by its pid, always.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import kafkajs from "kafkajs";
import { afterAll, beforeAll, describe, test } from "vitest";

export type KafkaVersion = "4.1.0" | "3.9.1";

export interface BrokerOptions {
  readonly version?: KafkaVersion;
  /** true: never the broker of KAFKA_BROKERS, because the test stops, kills or pauses it. */
  readonly own?: boolean;
  /** Further lines of server.properties. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** A record as Kafka's own console consumer read it. Bytes are shown as UTF-8. */
export interface ConsoleRecord {
  readonly partition: number;
  readonly offset: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string | null;
  readonly value: string | null;
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
  /** Every record of the topic by Kafka's own reader, until nothing more came for `idleMs`. */
  consoleConsumer(
    topic: string,
    options?: { isolation?: "read_committed" | "read_uncommitted"; idleMs?: number },
  ): Promise<ConsoleRecord[]>;
  /** Writes values (key and value parted by a tab) with Kafka's own producer, compressed as told. */
  consoleProducer(topic: string, lines: readonly string[], compression: string): Promise<void>;
  /** Stops the process and removes its folders. */
  close(): Promise<void>;
}

const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const START_TIMEOUT_MS = 60_000;
const DOCKER_IMAGE = "apache/kafka";
const run = promisify(execFile);

/** Why no broker can be had here, or null when one can. */
export function brokerObstacle(own = false): string | null {
  if (process.env["KAFKA_BROKERS"] !== undefined && !own) return null;
  const java = spawnSync("java", ["-version"], { encoding: "utf8" });
  const major = Number(/version "(\d+)/.exec(java.stderr ?? "")?.[1] ?? 0);
  if (major >= 17) {
    const cached = existsSync(join(cacheFolder("4.1.0"), "complete"));
    if (cached || spawnSync("mvn", ["-v"]).status === 0) return null;
  }
  if (!own && dockerRuns()) return null;
  return "no KAFKA_BROKERS, no Java 17 with Maven, no Docker daemon";
}

/** null: no broker can be had (brokerObstacle() says why). */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker | null> {
  const external = process.env["KAFKA_BROKERS"];
  if (external !== undefined && options.own !== true) return externalBroker(external.split(","), options.version);
  const obstacle = brokerObstacle(options.own);
  if (obstacle !== null) {
    if (process.env["REQUIRE_KAFKA"] === "1") throw new Error(`REQUIRE_KAFKA=1, but ${obstacle}`);
    return null;
  }
  if (javaMajor() >= 17) return startJavaBroker(options);
  return startDockerBroker(options.version ?? "4.1.0");
}

/**
 * A test suite on a live broker: one broker a file. Skipped, with the reason in its name, where no broker can be had;
 * with REQUIRE_KAFKA=1 it fails instead.
 */
export function describeKafka(name: string, options: BrokerOptions, body: (broker: () => Broker) => void): void {
  const obstacle = brokerObstacle(options.own);
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

function javaMajor(): number {
  const java = spawnSync("java", ["-version"], { encoding: "utf8" });
  return Number(/version "(\d+)/.exec(java.stderr ?? "")?.[1] ?? 0);
}

function dockerRuns(): boolean {
  return spawnSync("docker", ["info"], { timeout: 5_000 }).status === 0;
}

function cacheFolder(version: KafkaVersion): string {
  return join(process.env["COROLLARY_CACHE"] ?? join(projectRoot, ".cache"), `kafka-${version}`);
}

/** The folder of the jars, downloaded when needed; several processes may ask at once. */
export async function kafkaJars(version: KafkaVersion): Promise<string> {
  const folder = cacheFolder(version);
  if (existsSync(join(folder, "complete"))) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const download = mkdtempSync(`${folder}.download-`);
  const pom = join(projectRoot, "test/support/kafka/pom.xml");
  try {
    await run("mvn", [
      "-q",
      "-B",
      "-f",
      pom,
      `-Dkafka.version=${version}`,
      "dependency:copy-dependencies",
      `-DoutputDirectory=${download}`,
    ]);
    writeFileSync(join(download, "complete"), "");
    rmSync(folder, { recursive: true, force: true });
    renameSync(download, folder);
  } catch (error) {
    rmSync(download, { recursive: true, force: true });
    if (existsSync(join(folder, "complete"))) return folder;
    throw error;
  }
  return folder;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function serverProperties(
  folder: string,
  port: number,
  controllerPort: number,
  more: Readonly<Record<string, string>>,
): string {
  const properties: Record<string, string> = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": join(folder, "log"),
    "auto.create.topics.enable": "false",
    "num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "log.cleaner.backoff.ms": "200",
    "log.cleaner.dedupe.buffer.size": "8388608",
    "log.cleaner.io.buffer.size": "524288",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    ...more,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

async function startJavaBroker(options: BrokerOptions): Promise<Broker> {
  const version = options.version ?? "4.1.0";
  const jars = await kafkaJars(version);
  const folder = mkdtempSync(join(tmpdir(), "corollary-kafka-"));
  const port = await freePort();
  const config = join(folder, "server.properties");
  writeFileSync(config, serverProperties(folder, port, await freePort(), options.properties ?? {}));
  const clusterId = "Y29yb2xsYXJ5LXRlc3RzLQ";
  await run("java", [
    "-Xmx128m",
    "-cp",
    join(jars, "*"),
    "kafka.tools.StorageTool",
    "format",
    "-t",
    clusterId,
    "-c",
    config,
  ]);
  const process_ = new JavaBroker(version, jars, folder, config, port);
  try {
    await process_.restart();
  } catch (error) {
    await process_.close();
    throw error;
  }
  return process_;
}

class JavaBroker implements Broker {
  readonly owned = true;
  readonly brokers: readonly string[];
  readonly #version: KafkaVersion;
  readonly #jars: string;
  readonly #folder: string;
  readonly #config: string;
  readonly #port: number;
  #child: ChildProcess | null = null;
  #watcher: ChildProcess | null = null;

  constructor(version: KafkaVersion, jars: string, folder: string, config: string, port: number) {
    this.#version = version;
    this.#jars = jars;
    this.#folder = folder;
    this.#config = config;
    this.#port = port;
    this.brokers = [`127.0.0.1:${port}`];
  }

  async restart(): Promise<void> {
    if (this.#child !== null) await this.stop();
    const log = openSync(join(this.#folder, "broker.log"), "a");
    const options = [
      ...logging(this.#folder),
      "-Xmx512m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-cp",
      join(this.#jars, "*"),
    ];
    const child = spawn("java", [...options, "kafka.Kafka", this.#config], {
      stdio: ["ignore", log, log],
      cwd: this.#folder,
    });
    closeSync(log);
    this.#child = child;
    this.#watcher = killWhenWeDie(child);
    await waitUntilServing(this.#port, child, join(this.#folder, "broker.log"));
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  pause(): void {
    this.#signal("SIGSTOP");
  }

  resume(): void {
    this.#signal("SIGCONT");
  }

  consoleConsumer(topic: string, options: { isolation?: string; idleMs?: number } = {}): Promise<ConsoleRecord[]> {
    return readWithConsole(
      this.#jars,
      this.brokers,
      topic,
      options.isolation ?? "read_committed",
      options.idleMs ?? 3_000,
    );
  }

  consoleProducer(topic: string, lines: readonly string[], compression: string): Promise<void> {
    return writeWithConsole(this.#jars, this.brokers, topic, lines, compression);
  }

  async close(): Promise<void> {
    await this.#end("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child === null) throw new Error(`broker ${this.#version} is not running`);
    this.#child.kill(signal);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    this.#watcher?.kill("SIGKILL");
    this.#watcher = null;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(timer);
  }
}

/** Warnings to standard output: log4j 2 for Kafka 4, its predecessor for Kafka 3. */
function logging(folder: string): string[] {
  const modern = join(folder, "log4j2.properties");
  const old = join(folder, "log4j.properties");
  const appender =
    "appender.out.type=Console\nappender.out.name=out\nrootLogger.level=warn\nrootLogger.appenderRef.out.ref=out\n";
  writeFileSync(modern, appender);
  writeFileSync(
    old,
    "log4j.rootLogger=WARN,out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\nlog4j.appender.out.layout=org.apache.log4j.SimpleLayout\n",
  );
  return [`-Dlog4j2.configurationFile=${modern}`, `-Dlog4j.configuration=file:${old}`];
}

/** A process that waits for the end of ours (its standard input closes) and then ends the broker. */
function killWhenWeDie(child: ChildProcess): ChildProcess {
  const watcher = spawn("sh", ["-c", 'read _; kill -9 "$1"', "watch", String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watcher.unref();
  return watcher;
}

async function waitUntilServing(port: number, child: ChildProcess, logFile: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  const lastLog = () => readFileSync(logFile, "utf8").slice(-2_000);
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the broker ended with code ${child.exitCode}:\n${lastLog()}`);
    if ((await accepts(port)) && (await answers(port))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the broker did not start within ${START_TIMEOUT_MS} ms:\n${lastLog()}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

async function answers(port: number): Promise<boolean> {
  const kafka = new kafkajs.Kafka({
    brokers: [`127.0.0.1:${port}`],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length > 0;
  } catch {
    return false;
  } finally {
    await admin.disconnect();
  }
}

const PART = "\u0001";
const END = "\u0002";
const NULL = "\u0003";

async function readWithConsole(
  jars: string,
  brokers: readonly string[],
  topic: string,
  isolation: string,
  idleMs: number,
): Promise<ConsoleRecord[]> {
  const properties = {
    "print.partition": "true",
    "print.offset": "true",
    "print.headers": "true",
    "print.key": "true",
    "print.value": "true",
    "key.separator": PART,
    "line.separator": END,
    "headers.separator": "\u0004",
    "null.literal": NULL,
  };
  const { stdout } = await run(
    "java",
    [
      "-Xmx256m",
      "-XX:TieredStopAtLevel=1",
      "-cp",
      join(jars, "*"),
      "org.apache.kafka.tools.consumer.ConsoleConsumer",
      "--bootstrap-server",
      brokers.join(","),
      "--topic",
      topic,
      "--from-beginning",
      "--isolation-level",
      isolation,
      "--timeout-ms",
      String(idleMs),
      ...Object.entries(properties).flatMap(([key, value]) => ["--property", `${key}=${value}`]),
    ],
    { maxBuffer: 2 ** 30 },
  ).catch((error: { stdout?: string; code?: number; stderr?: string }) => {
    // The console consumer ends with code 1 when its time is up.
    if (error.stdout !== undefined && /TimeoutException/.test(error.stderr ?? "")) return { stdout: error.stdout };
    throw error;
  });
  return stdout.split(END).slice(0, -1).map(parseConsoleRecord);
}

function parseConsoleRecord(line: string): ConsoleRecord {
  const [partition = "", offset = "", headers = "", key = "", ...value] = line.split(PART);
  const pairs = headers === "NO_HEADERS" ? [] : headers.split("\u0004").map((pair) => pair.split(/:(.*)/s).slice(0, 2));
  const text = value.join(PART);
  return {
    partition: Number(partition.replace("Partition:", "")),
    offset: Number(offset.replace("Offset:", "")),
    headers: Object.fromEntries(pairs),
    key: key === NULL ? null : key,
    value: text === NULL ? null : text,
  };
}

async function writeWithConsole(
  jars: string,
  brokers: readonly string[],
  topic: string,
  lines: readonly string[],
  compression: string,
): Promise<void> {
  const running = run("java", [
    "-Xmx256m",
    "-XX:TieredStopAtLevel=1",
    "-cp",
    join(jars, "*"),
    "org.apache.kafka.tools.ConsoleProducer",
    "--bootstrap-server",
    brokers.join(","),
    "--topic",
    topic,
    "--compression-codec",
    compression,
    "--property",
    "parse.key=true",
  ]);
  running.child.stdin?.end(lines.map((line) => `${line}\n`).join(""));
  await running;
}

async function externalBroker(brokers: readonly string[], version: KafkaVersion = "4.1.0"): Promise<Broker> {
  const jars = javaMajor() >= 17 ? await kafkaJars(version) : null;
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
    consoleConsumer: async (topic, options = {}) => {
      if (jars === null) throw new Error("the console consumer needs Java 17 and Maven");
      return readWithConsole(jars, brokers, topic, options.isolation ?? "read_committed", options.idleMs ?? 3_000);
    },
    consoleProducer: async (topic, lines, compression) => {
      if (jars === null) throw new Error("the console producer needs Java 17 and Maven");
      await writeWithConsole(jars, brokers, topic, lines, compression);
    },
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
