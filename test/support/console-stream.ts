/** A topic by Kafka's own console consumer, record by record: topics of any size, values byte for byte. */
import { spawn } from "node:child_process";
import { CONSOLE_CONSUMER, consumerOptions, END, parsePrinted } from "./console-consumer.ts";
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

/** Shows what is not printable ASCII as \\xHH, and a null as the literal for nulls so treated. */
const BYTES_SHOWN = ["--value-deserializer", "org.apache.kafka.common.serialization.BytesDeserializer"];
const STDERR_MAX = 4_000;

/** All that is committed; it ends when nothing more came for `idleMs`. */
export async function streamTopic(
  source: TopicSource,
  topic: string,
  idleMs: number,
  take: (record: StreamedRecord) => void,
): Promise<void> {
  const program = javaProgram(source.jars, CONSOLE_CONSUMER, ["-Xmx256m"]);
  const options = consumerOptions(source.brokers, `${source.prefix}${topic}`, "read_committed", idleMs);
  const args = [...program.args, ...options, ...BYTES_SHOWN];
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

function parse(topic: string, line: string): StreamedRecord {
  const record = parsePrinted(line);
  return { topic, ...record, value: record.value === "\\x03" ? null : bytesOf(record.value) };
}

function bytesOf(shown: string): Buffer {
  const text = shown.replaceAll(/\\x([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(text, "latin1");
}
