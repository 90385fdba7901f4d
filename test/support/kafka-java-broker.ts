/** A broker of our own: Apache Kafka in KRaft mode on a free port of 127.0.0.1, from Maven Central jars. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
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
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type JavaProgram, javaProgram, LEAN } from "./java-program.ts";
import type { Broker, KafkaVersion } from "./kafka-broker.ts";
import { type ConsoleOptions, type ConsoleRecord, readWithConsole, writeWithConsole } from "./kafka-console.ts";
import { accepts, answers, freePort } from "./kafka-probe.ts";
import { PROJECT_ROOT } from "./project-root.ts";

const START_TIMEOUT_MS = 120_000;
const run = promisify(execFile);

/** Where the jars of a version are, or will be; `complete` in it tells that they are. */
function cacheFolder(version: KafkaVersion): string {
  return join(process.env["KAFKA_CACHE"] ?? join(PROJECT_ROOT, ".cache"), `kafka-${version}`);
}

export function hasJars(version: KafkaVersion): boolean {
  return existsSync(join(cacheFolder(version), "complete"));
}

/** The folder of the jars, downloaded when needed; of several processes that ask at once one does it. */
export async function kafkaJars(version: KafkaVersion): Promise<string> {
  const folder = cacheFolder(version);
  mkdirSync(dirname(folder), { recursive: true });
  const lock = `${folder}.lock`;
  while (!hasJars(version)) {
    if (takeLock(lock)) {
      try {
        if (!hasJars(version)) await download(version, folder);
      } finally {
        rmSync(lock, { force: true });
      }
    } else await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return folder;
}

/** The file holds the process id of its owner; that of a process which is gone is taken over. */
function takeLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  try {
    const owner = Number(readFileSync(lock, "utf8"));
    if (owner > 0) process.kill(owner, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") rmSync(lock, { force: true });
  }
  return false;
}

async function download(version: KafkaVersion, folder: string): Promise<void> {
  const fresh = mkdtempSync(`${folder}.download-`);
  const pom = join(PROJECT_ROOT, "test/support/kafka/pom.xml");
  const options = [`-Dkafka.version=${version}`, "dependency:copy-dependencies", `-DoutputDirectory=${fresh}`];
  try {
    const MAVEN_OPTS = [...LEAN, process.env["MAVEN_OPTS"] ?? ""].join(" ");
    await run("mvn", ["-q", "-B", "-f", pom, ...options], { env: { ...process.env, MAVEN_OPTS } });
    writeFileSync(join(fresh, "complete"), "");
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
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

export async function startJavaBroker(
  version: KafkaVersion,
  properties: Readonly<Record<string, string>>,
): Promise<Broker> {
  const jars = await kafkaJars(version);
  const folder = mkdtempSync(join(tmpdir(), "corollary-kafka-"));
  const port = await freePort();
  const config = join(folder, "server.properties");
  writeFileSync(config, serverProperties(folder, port, await freePort(), properties));
  const clusterId = "Y29yb2xsYXJ5LXRlc3RzLQ";
  const storage = javaProgram(jars, "kafka.tools.StorageTool", ["-Xmx128m"]);
  await run("java", [...storage.args, "format", "-t", clusterId, "-c", config]);
  storage.ended(true);
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
  #program: JavaProgram | null = null;
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
    const program = javaProgram(this.#jars, "kafka.Kafka", ["-Xmx512m", ...logging(this.#folder)]);
    const child = spawn("java", [...program.args, this.#config], {
      stdio: ["ignore", log, log],
      cwd: this.#folder,
    });
    closeSync(log);
    this.#child = child;
    this.#program = program;
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

  consoleConsumer(topic: string, options: ConsoleOptions = {}): Promise<ConsoleRecord[]> {
    return readWithConsole(this.#jars, this.brokers, topic, options);
  }

  consoleProducer(topic: string, lines: readonly string[], compression: string): Promise<void> {
    return writeWithConsole(this.#jars, this.brokers, topic, lines, compression);
  }

  async close(): Promise<void> {
    await this.#end(this.#program?.archives === true ? "SIGTERM" : "SIGKILL");
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
    if (child.exitCode !== null || child.signalCode !== null) {
      this.#program?.ended(false);
      return;
    }
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(timer);
    this.#program?.ended(child.signalCode === null);
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
