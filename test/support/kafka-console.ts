/** Kafka's own console tools: readers and writers that share nothing with kafkajs. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CONSOLE_CONSUMER, consumerOptions, END, NULL, parsePrinted } from "./console-consumer.ts";
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
  const tool = javaProgram(jars, CONSOLE_CONSUMER, TOOL_OPTIONS);
  const args = [...tool.args, ...consumerOptions(brokers, topic, isolation, idleMs)];
  const { stdout } = await run("java", args, { maxBuffer: 2 ** 30 }).catch(
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
  const record = parsePrinted(line);
  return { ...record, value: record.value === NULL ? null : record.value };
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
