/** Splits the records of a transaction into requests that a broker takes: kafkajs sends what it is given as one. */
import type { Message, TopicMessages } from "kafkajs";
import type { Headers, OutputRecord } from "../transport.ts";

/** A request holds one record batch a partition, and a batch may not exceed the topic's max.message.bytes (1 MiB). */
export const BATCH_BYTES_MAX: number = 900 * 1024;
const REQUEST_BYTES_MAX = 8 * 2 ** 20;
/** kafkajs gathers the messages of a partition in quadratic time. */
const BATCH_RECORDS_MAX = 1_000;
/** Length, attributes, timestamp, offset and the lengths of the fields, at most. */
const RECORD_OVERHEAD_BYTES = 40;

/** Size of a record in a batch, bytes; never too small. */
export function encodedBytes(key: Uint8Array | null, value: Uint8Array | null, headers: Headers): number {
  let bytes = RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const name of Object.keys(headers)) {
    const header = headers[name] as string | Uint8Array;
    bytes += 10 + Buffer.byteLength(name) + (typeof header === "string" ? Buffer.byteLength(header) : header.length);
  }
  return bytes;
}

/** Requests in the order of the records, at least one; `last` goes into the last one. A record over the limit is a request's only one. */
export function* chunked(records: readonly OutputRecord[], last?: TopicMessages): Generator<TopicMessages[]> {
  let request = new Request();
  for (const record of records) {
    const bytes = encodedBytes(record.key, record.value, record.headers);
    if (!request.takes(record.topic, record.partition, bytes)) {
      yield request.topicMessages();
      request = new Request();
    }
    request.add(record, bytes);
  }
  yield last === undefined ? request.topicMessages() : [...request.topicMessages(), last];
}

class Request {
  readonly #messages = new Map<string, Message[]>();
  readonly #batches = new Map<string, { bytes: number; records: number }>();
  #bytes = 0;

  takes(topic: string, partition: number, bytes: number): boolean {
    if (this.#bytes === 0) return true;
    const batch = this.#batches.get(`${partition}/${topic}`);
    if (this.#bytes + bytes > REQUEST_BYTES_MAX) return false;
    return batch === undefined || (batch.bytes + bytes <= BATCH_BYTES_MAX && batch.records < BATCH_RECORDS_MAX);
  }

  add(record: OutputRecord, bytes: number): void {
    const id = `${record.partition}/${record.topic}`;
    const batch = this.#batches.get(id) ?? { bytes: 0, records: 0 };
    batch.bytes += bytes;
    batch.records++;
    this.#batches.set(id, batch);
    this.#bytes += bytes;
    const messages = this.#messages.get(record.topic) ?? [];
    messages.push(toMessage(record));
    this.#messages.set(record.topic, messages);
  }

  topicMessages(): TopicMessages[] {
    return [...this.#messages].map(([topic, messages]) => ({ topic, messages }));
  }
}

function toMessage({ key, value, headers, partition }: OutputRecord): Message {
  const encoded: Record<string, string | Buffer> = {};
  for (const name of Object.keys(headers)) {
    const header = headers[name] as string | Uint8Array;
    encoded[name] = typeof header === "string" ? header : buffer(header);
  }
  return {
    key: key === null ? null : buffer(key),
    value: value === null ? null : buffer(value),
    partition,
    headers: encoded,
  };
}

/** The same bytes, not a copy. */
export function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
