/** A topic by Kafka's own console consumer, record by record: topics of any size, values byte for byte. */
import { spawn } from "node:child_process";
import { javaProgram } from "./java-program.ts";

export interface TopicSource {
  /** Folder of Kafka's jars. */
  readonly jars: string;
  readonly brokers: readonly string[];
  /** Of every topic name. */
  readonly prefix: string;
}

export interface StreamedRecord {
  /** Without the prefix. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string | null;
  readonly value: Buffer | null;
}

const PART = "\u0001";
const END = "\u0002";
const NULL = "\u0003";
const HEADER = "\u0004";
const STDERR_MAX = 4_000;

/** All that is committed; it ends when nothing more came for `idleMs`. */
export async function streamTopic(
  source: TopicSource,
  topic: string,
  idleMs: number,
  take: (record: StreamedRecord) => void,
): Promise<void> {
  const program = javaProgram(source.jars, "org.apache.kafka.tools.consumer.ConsoleConsumer", ["-Xmx256m"]);
  const args = [...program.args, ...consumerArgs(source, topic, idleMs)];
  const child = spawn("java", args, { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-STDERR_MAX);
  });
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split(END);
    rest = lines.pop() ?? "";
    for (const line of lines) take(parse(topic, line));
  });
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  program.ended(code !== null);
  // It ends with code 1 when its time is up.
  if (code !== 0 && !errors.includes("TimeoutException")) throw new Error(`the console consumer failed: ${errors}`);
}

function consumerArgs({ brokers, prefix }: TopicSource, topic: string, idleMs: number): string[] {
  const shown = ["partition", "offset", "headers", "key", "value"].map((field) => [`print.${field}`, "true"]);
  const marks = [
    ["key.separator", PART],
    ["line.separator", END],
    ["headers.separator", HEADER],
    ["null.literal", NULL],
  ];
  const options = [
    ["--bootstrap-server", brokers.join(",")],
    ["--topic", `${prefix}${topic}`],
    ["--from-beginning"],
    ["--isolation-level", "read_committed"],
    ["--timeout-ms", String(idleMs)],
    // Shows what is not printable ASCII as \xHH, and a null as the literal for nulls so treated.
    ["--value-deserializer", "org.apache.kafka.common.serialization.BytesDeserializer"],
    ...[...shown, ...marks].map((pair) => ["--property", pair.join("=")]),
  ];
  return options.flat();
}

function parse(topic: string, line: string): StreamedRecord {
  const [partition = "", offset = "", headers = "", key = "", value = ""] = line.split(PART);
  const pairs = headers === "NO_HEADERS" ? [] : headers.split(HEADER).map((pair) => pair.split(/:(.*)/s).slice(0, 2));
  return {
    topic,
    partition: Number(partition.replace("Partition:", "")),
    offset: Number(offset.replace("Offset:", "")),
    headers: Object.fromEntries(pairs),
    key: key === NULL ? null : key,
    value: value === "\\x03" ? null : bytesOf(value),
  };
}

function bytesOf(shown: string): Buffer {
  const text = shown.replaceAll(/\\x([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(text, "latin1");
}
