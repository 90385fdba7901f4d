/** How Kafka's own console consumer is asked, and how what it prints is told apart. */

export const CONSOLE_CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer";

/** Between the parts of a record; after a record; instead of a null; between headers. */
const PART = "\u0001";
export const END = "\u0002";
export const NULL = "\u0003";
const HEADER = "\u0004";

/** All of a topic; it ends when nothing more came for `idleMs`. */
export function consumerOptions(
  brokers: readonly string[],
  topic: string,
  isolation: string,
  idleMs: number,
): readonly string[] {
  const shown = ["partition", "offset", "headers", "key", "value"].map((field) => [`print.${field}`, "true"]);
  const marks = [
    ["key.separator", PART],
    ["line.separator", END],
    ["headers.separator", HEADER],
    ["null.literal", NULL],
  ];
  return [
    ["--bootstrap-server", brokers.join(",")],
    ["--topic", topic],
    ["--from-beginning"],
    ["--isolation-level", isolation],
    ["--timeout-ms", String(idleMs)],
    ...[...shown, ...marks].map((pair) => ["--property", pair.join("=")]),
  ].flat();
}

export interface PrintedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string | null;
  /** As printed. */
  readonly value: string;
}

export function parsePrinted(line: string): PrintedRecord {
  const [partition = "", offset = "", headers = "", key = "", ...value] = line.split(PART);
  const pairs = headers === "NO_HEADERS" ? [] : headers.split(HEADER).map((pair) => pair.split(/:(.*)/s).slice(0, 2));
  return {
    partition: Number(partition.replace("Partition:", "")),
    offset: Number(offset.replace("Offset:", "")),
    headers: Object.fromEntries(pairs),
    key: key === NULL ? null : key,
    value: value.join(PART),
  };
}
