/** The broker of the transport in memory: it outlives the transports that are opened over it. */
import { AppError } from "../../src/errors.ts";
import { partitionOf } from "../../src/transport/partitioner.ts";
import type { AppendRecord, Headers, InputRecord, PublishBatch, Watermark } from "../../src/transport/transport.ts";
import { MemoryLog } from "./memory-log.ts";
import type { FaultPoint } from "./memory-transport.ts";

export interface Transaction {
  readonly engine: string;
  readonly batch: PublishBatch;
}

export interface BrokerOptions {
  /** Partitions by topic. */
  readonly inputTopics: Readonly<Record<string, number>>;
  readonly outputTopics: Readonly<Record<string, number>>;
  readonly recordBytesMax?: number;
  /** Every append and publish leaves an unreadable offset behind in the partitions it touched, as Kafka's markers do. */
  readonly markers?: boolean;
}

interface ProducedRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

function logsOf(topics: Readonly<Record<string, number>>): Map<string, MemoryLog[]> {
  return new Map(
    Object.entries(topics).map(([topic, count]) => [topic, Array.from({ length: count }, () => new MemoryLog())]),
  );
}

function copyLogs(
  from: ReadonlyMap<string, readonly MemoryLog[]>,
  to: ReadonlyMap<string, readonly MemoryLog[]>,
): void {
  for (const [topic, logs] of from) {
    for (const [partition, { records, low, high }] of logs.entries()) {
      const log = to.get(topic)![partition]!;
      log.records.push(...records);
      log.low = low;
      log.high = high;
    }
  }
}

const copy = (bytes: Uint8Array | null): Uint8Array | null => (bytes === null ? null : Uint8Array.from(bytes));

export class MemoryBroker {
  readonly recordBytesMax: number;
  /** Every committed publish of every engine, in order: what a test checks for repeats and holes. */
  readonly transactions: Transaction[] = [];
  /** How often each point was passed, over all transports. */
  readonly passed = new Map<FaultPoint, number>();
  /** The broker's clock, ms since 1970: moved by the test. */
  nowMs = 1_760_000_000_000;
  readonly #markers: boolean;
  readonly #inputs: Map<string, MemoryLog[]>;
  readonly #outputs: Map<string, MemoryLog[]>;
  readonly #progress = new Map<string, Uint8Array>();
  readonly #owners = new Map<string, number>();
  readonly #inFlight = new Map<string, Transaction>();
  readonly #sources = new Map<string, string>();
  #arrived: Array<() => void> = [];

  readonly #options: BrokerOptions;

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.recordBytesMax = options.recordBytesMax ?? 1_000_000;
    this.#markers = options.markers ?? false;
    this.#inputs = logsOf(options.inputTopics);
    this.#outputs = logsOf(options.outputTopics);
  }

  /** A broker that has all that this one has, and goes its own way from here. */
  copy(): MemoryBroker {
    const other = new MemoryBroker(this.#options);
    other.nowMs = this.nowMs;
    other.transactions.push(...this.transactions);
    copyLogs(this.#inputs, other.#inputs);
    copyLogs(this.#outputs, other.#outputs);
    for (const [engine, progress] of this.#progress) other.#progress.set(engine, progress);
    for (const [engine, owner] of this.#owners) other.#owners.set(engine, owner);
    for (const [engine, transaction] of this.#inFlight) other.#inFlight.set(engine, transaction);
    for (const [source, content] of this.#sources) other.#sources.set(source, content);
    return other;
  }

  /** Writes an input record as a foreign producer does. */
  produce(topic: string, partition: number, record: ProducedRecord): void {
    this.#write(this.#input(topic, partition), topic, partition, record);
    this.#arrive();
  }

  /** Leaves `count` offsets of an input partition without records. */
  skipOffsets(topic: string, partition: number, count: number): void {
    this.#input(topic, partition).high += count;
  }

  /** Retention: forgets the input records below an offset. */
  deleteBefore(topic: string, partition: number, offset: number): void {
    const log = this.#input(topic, partition);
    log.records.splice(0, log.indexOf(offset));
    log.low = offset;
  }

  outputPartitions(topic: string): number {
    const logs = this.#outputs.get(topic);
    if (logs === undefined) throw new AppError("internal", `no output topic ${topic}`);
    return logs.length;
  }

  watermarks(): Watermark[] {
    return [...this.#inputs].flatMap(([topic, logs]) =>
      logs.map((log, partition) => ({ topic, partition, low: log.low, high: log.high })),
    );
  }

  /** The input records at or behind an offset. */
  *inputFrom(topic: string, partition: number, offset: number): Generator<InputRecord> {
    const log = this.#input(topic, partition);
    for (let index = log.indexOf(offset); index < log.records.length; index++) yield log.records[index]!;
  }

  output(topic: string): InputRecord[] {
    this.outputPartitions(topic);
    return this.#outputs.get(topic)!.flatMap((log) => log.records);
  }

  /** Resolves at the next arrival of input. */
  arrival(): Promise<void> {
    return new Promise((resolve) => this.#arrived.push(resolve));
  }

  takeOver(engine: string): number {
    this.#land(engine);
    const owner = (this.#owners.get(engine) ?? 0) + 1;
    this.#owners.set(engine, owner);
    return owner;
  }

  isOwner(engine: string, owner: number): boolean {
    return this.#owners.get(engine) === owner;
  }

  readProgress(engine: string): Uint8Array | null {
    const progress = this.#progress.get(engine) ?? null;
    this.#land(engine);
    return progress;
  }

  leaveInFlight(transaction: Transaction): void {
    this.#inFlight.set(transaction.engine, transaction);
  }

  commit(transaction: Transaction): void {
    this.#land(transaction.engine);
    const touched = new Set<MemoryLog>();
    for (const record of transaction.batch.records) {
      const log = this.#outputs.get(record.topic)![record.partition]!;
      this.#write(log, record.topic, record.partition, record);
      touched.add(log);
    }
    this.#mark(touched);
    this.#progress.set(transaction.engine, copy(transaction.batch.progress)!);
    this.transactions.push(transaction);
  }

  append(source: string, records: readonly AppendRecord[]): void {
    for (const { topic, value } of records) {
      if (!this.#inputs.has(topic)) throw new AppError("config", `no input topic ${topic}`);
      if (value.length > this.recordBytesMax)
        throw new AppError("input", `a record of ${source} has ${value.length} bytes`);
    }
    const content = JSON.stringify(records.map(({ value, ...rest }) => [rest, Buffer.from(value).toString("base64")]));
    const before = this.#sources.get(source);
    if (before === content) return;
    if (before !== undefined) throw new AppError("input", `${source} was appended before, with other records`);
    const touched = new Set<MemoryLog>();
    for (const { topic, key, value, headers } of records) {
      const partition = partitionOf(key, this.#inputs.get(topic)!.length);
      const log = this.#input(topic, partition);
      this.#write(log, topic, partition, { key: Buffer.from(key), value, headers });
      touched.add(log);
    }
    this.#mark(touched);
    this.#sources.set(source, content);
    this.#arrive();
  }

  /** Checks what the caller of publish must have checked. */
  check(batch: PublishBatch): void {
    for (const { topic, partition, key, value } of batch.records) {
      if (!(partition >= 0 && partition < this.outputPartitions(topic))) {
        throw new AppError("internal", `${topic} has no partition ${partition}`);
      }
      const bytes = (key?.length ?? 0) + (value?.length ?? 0);
      if (bytes > this.recordBytesMax) throw new AppError("internal", `a record for ${topic} has ${bytes} bytes`);
    }
  }

  #input(topic: string, partition: number): MemoryLog {
    const log = this.#inputs.get(topic)?.[partition];
    if (log === undefined) throw new AppError("internal", `no input partition ${topic}-${partition}`);
    return log;
  }

  #write(log: MemoryLog, topic: string, partition: number, { key, value, headers }: ProducedRecord): void {
    const timestampMs = this.nowMs;
    log.records.push({
      topic,
      partition,
      offset: log.high++,
      timestampMs,
      key: copy(key),
      value: copy(value),
      headers,
    });
  }

  #mark(touched: ReadonlySet<MemoryLog>): void {
    if (this.#markers) for (const log of touched) log.high++;
  }

  #arrive(): void {
    for (const resolve of this.#arrived.splice(0)) resolve();
  }

  /** A commit that was under way reaches the broker. */
  #land(engine: string): void {
    const transaction = this.#inFlight.get(engine);
    this.#inFlight.delete(engine);
    if (transaction !== undefined) this.commit(transaction);
  }
}
