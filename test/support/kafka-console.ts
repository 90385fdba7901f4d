/** Kafka's own console tools: readers and writers that share nothing with kafkajs. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { javaProgram } from "./java-program.ts";

/** A record as Kafka's own console consumer read it. Bytes are shown as UTF-8. */
export interface ConsoleRecord {
  readonly partition: number;
  readonly offset: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string | null;
  readonly value: string | null;
}

export interface ConsoleOptions {
  /** read_committed */
  readonly isolation?: "read_committed" | "read_uncommitted";
  /** It ends when nothing more came for so long; 3,000. */
  readonly idleMs?: number;
  /** Fewer records than this, and it looks again with more patience, twice; 1. */
  readonly atLeast?: number;
}

const run = promisify(execFile);
const PART = "\u0001";
const END = "\u0002";
const NULL = "\u0003";
const HEADER = "\u0004";
const TOOL_OPTIONS = ["-Xmx256m"];

export async function readWithConsole(
  jars: string,
  brokers: readonly string[],
  topic: string,
  { isolation = "read_committed", idleMs = 3_000, atLeast = 1 }: ConsoleOptions = {},
): Promise<ConsoleRecord[]> {
  for (let tries = 1, patienceMs = idleMs; ; tries++, patienceMs *= 3) {
    const records = await readOnce(jars, brokers, topic, isolation, patienceMs);
    if (records.length >= atLeast || tries === 3) return records;
  }
}

async function readOnce(
  jars: string,
  brokers: readonly string[],
  topic: string,
  isolation: string,
  idleMs: number,
): Promise<ConsoleRecord[]> {
  const shown = ["partition", "offset", "headers", "key", "value"].map((field) => [`print.${field}`, "true"]);
  const marks = [
    ["key.separator", PART],
    ["line.separator", END],
    ["headers.separator", HEADER],
    ["null.literal", NULL],
  ];
  const options = [
    ["--bootstrap-server", brokers.join(",")],
    ["--topic", topic],
    ["--from-beginning"],
    ["--isolation-level", isolation],
    ["--timeout-ms", String(idleMs)],
    ...[...shown, ...marks].map((pair) => ["--property", pair.join("=")]),
  ];
  const tool = javaProgram(jars, "org.apache.kafka.tools.consumer.ConsoleConsumer", TOOL_OPTIONS);
  const { stdout } = await run("java", [...tool.args, ...options.flat()], { maxBuffer: 2 ** 30 }).catch(
    (error: { stdout?: string; stderr?: string }) => {
      // It ends with code 1 when its time is up.
      if (error.stdout !== undefined && /TimeoutException/.test(error.stderr ?? "")) return { stdout: error.stdout };
      throw error;
    },
  );
  tool.ended(true);
  return stdout.split(END).slice(0, -1).map(parseConsoleRecord);
}

function parseConsoleRecord(line: string): ConsoleRecord {
  const [partition = "", offset = "", headers = "", key = "", ...value] = line.split(PART);
  const pairs = headers === "NO_HEADERS" ? [] : headers.split(HEADER).map((pair) => pair.split(/:(.*)/s).slice(0, 2));
  const text = value.join(PART);
  return {
    partition: Number(partition.replace("Partition:", "")),
    offset: Number(offset.replace("Offset:", "")),
    headers: Object.fromEntries(pairs),
    key: key === NULL ? null : key,
    value: text === NULL ? null : text,
  };
}

/** Lines are key and value parted by a tab. */
export async function writeWithConsole(
  jars: string,
  brokers: readonly string[],
  topic: string,
  lines: readonly string[],
  compression: string,
): Promise<void> {
  const options = [
    ["--bootstrap-server", brokers.join(",")],
    ["--topic", topic],
    ["--compression-codec", compression],
    ["--property", "parse.key=true"],
  ];
  const isOld = existsSync(join(jars, "kafka_2.13-3.9.1.jar"));
  const mainClass = isOld ? "kafka.tools.ConsoleProducer" : "org.apache.kafka.tools.ConsoleProducer";
  const tool = javaProgram(jars, mainClass, TOOL_OPTIONS);
  const running = run("java", [...tool.args, ...options.flat()]);
  running.child.stdin?.end(lines.map((line) => `${line}\n`).join(""));
  await running;
  tool.ended(true);
}
