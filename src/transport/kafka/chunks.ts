/** Splits the records of a transaction into requests that a broker takes: kafkajs sends what it is given as one. */
import type { Message, TopicMessages } from "kafkajs";
import { AppError } from "../../errors.ts";
import type { Headers, OutputRecord } from "../transport.ts";

/** A request holds one record batch a partition, and a batch may not exceed the topic's max.message.bytes (1 MiB). */
export const BATCH_BYTES_MAX: number = 900 * 1024;
const REQUEST_BYTES_MAX = 8 * 2 ** 20;
/** But for our patch, kafkajs gathers the messages of a partition in quadratic time. */
const BATCH_RECORDS_MAX = 1_000;
/** Length, attributes, timestamp, offset and the lengths of the fields, at most. */
const RECORD_OVERHEAD_BYTES = 40;
const HEADER_OVERHEAD_BYTES = 10;

/** Size of a record in a batch, bytes; never too small. Throws AppError("transport") when it is over the limit. */
export function encodedBytes({ topic, key, value, headers }: OutputRecord, recordBytesMax: number): number {
  let bytes = RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) {
    const header = headers[name] as string | Uint8Array;
    bytes += HEADER_OVERHEAD_BYTES + Buffer.byteLength(name);
    bytes += typeof header === "string" ? Buffer.byteLength(header) : header.length;
  }
  if (bytes <= recordBytesMax) return bytes;
  const size = `${bytes} bytes, allowed are ${recordBytesMax}`;
  throw new AppError("transport", `Kafka: a record for ${topic} has ${size}`, "Raise max.message.bytes of the topic.");
}

/** Requests in the order of the records, at least one; `last` goes into the last one. */
export function chunked(
  records: readonly OutputRecord[],
  recordBytesMax: number,
  last?: TopicMessages,
): TopicMessages[][] {
  const requests: TopicMessages[][] = [];
  let request = new Request();
  for (const record of records) {
    const bytes = encodedBytes(record, recordBytesMax);
    if (request.add(record, bytes)) continue;
    requests.push(request.topicMessages());
    request = new Request();
    request.add(record, bytes);
  }
  requests.push(last === undefined ? request.topicMessages() : [...request.topicMessages(), last]);
  return requests;
}

interface TopicRequest {
  readonly messages: Message[];
  /** By partition. */
  readonly bytes: number[];
  readonly counts: number[];
}

class Request {
  readonly #topics = new Map<string, TopicRequest>();
  #bytes = 0;

  /** false: the request is full, and the record is not in it. An empty one takes any record. */
  add(record: OutputRecord, bytes: number): boolean {
    const { topic, partition } = record;
    const batches = this.#topics.get(topic) ?? { messages: [], bytes: [], counts: [] };
    const batchBytes = (batches.bytes[partition] ?? 0) + bytes;
    const count = (batches.counts[partition] ?? 0) + 1;
    const over = this.#bytes + bytes > REQUEST_BYTES_MAX || batchBytes > BATCH_BYTES_MAX || count > BATCH_RECORDS_MAX;
    if (over && this.#bytes > 0) return false;
    this.#topics.set(topic, batches);
    this.#bytes += bytes;
    batches.bytes[partition] = batchBytes;
    batches.counts[partition] = count;
    batches.messages.push(toMessage(record));
    return true;
  }

  topicMessages(): TopicMessages[] {
    return [...this.#topics].map(([topic, { messages }]) => ({ topic, messages }));
  }
}

function toMessage({ key, value, headers, partition }: OutputRecord): Message {
  return {
    key: key === null ? null : buffer(key),
    value: value === null ? null : buffer(value),
    partition,
    headers: toHeaders(headers),
  };
}

function toHeaders(headers: Headers): Record<string, string | Buffer> {
  const encoded: Record<string, string | Buffer> = {};
  for (const name in headers) {
    const header = headers[name] as string | Uint8Array;
    encoded[name] = typeof header === "string" ? header : buffer(header);
  }
  return encoded;
}

/** The same bytes, not a copy. */
export function buffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
