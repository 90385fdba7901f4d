/**
 * The transport port in memory, with faults. The broker outlives the transports that are opened over it, as a real one
 * outlives the processes: after a simulated crash a test opens another transport over the same broker.
 *
 *  1. A publish is atomic. One that is `in-flight` is committed by the next fence, or, for a caller that does not fence,
 *     right after it has read the progress: the caller that trusts what it read then repeats the step.
 *  2. A fence takes the engine over: publishes of older transports answer `fenced`.
 */
import { AppError } from "../../src/errors.ts";
import { partitionOf } from "../../src/transport/partitioner.ts";
import type {
  AppendRecord,
  Headers,
  InputRecord,
  Positions,
  PublishBatch,
  PublishOutcome,
  Transport,
  TransportLimits,
  Watermark,
} from "../../src/transport/transport.ts";
import { MemoryLog } from "./memory-log.ts";

/** Ends the run of the code under test; what it did not do by then never happens. */
export class SimulatedCrash extends Error {
  constructor(point = "") {
    super(`simulated crash ${point}`);
    this.name = "SimulatedCrash";
  }
}

export type TransportCall =
  | "open"
  | "inputWatermarks"
  | "fence"
  | "readProgress"
  | "seek"
  | "poll"
  | "publish"
  | "append"
  | "readOutput"
  | "close";

/** `staged`: the records are at the broker, uncommitted; `sent`: committed, the answer is still on its way. */
export type FaultPoint = `${"before" | "after"} ${TransportCall}` | "publish staged" | "publish sent";

/**
 * May throw at any point. At `before publish` and `publish staged` any answer stops the publish: nothing is committed,
 * or, for `in-flight`, not yet; the caller gets `unknown` for that. At `publish sent` only `unknown` (the answer is lost).
 * At `before fence`: `fenced`.
 */
export type FaultAnswer = "aborted" | "unknown" | "fenced" | "in-flight";
export type TransportFault = (
  point: FaultPoint,
) => FaultAnswer | undefined | void | Promise<FaultAnswer | undefined | void>;

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

  constructor(options: BrokerOptions) {
    this.recordBytesMax = options.recordBytesMax ?? 1_000_000;
    this.#markers = options.markers ?? false;
    this.#inputs = logsOf(options.inputTopics);
    this.#outputs = logsOf(options.outputTopics);
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

export class MemoryTransport implements Transport {
  readonly limits: TransportLimits;
  readonly #broker: MemoryBroker;
  readonly #engine: string;
  readonly #fault: TransportFault | undefined;
  #owner: number | null = null;
  readonly #positions = new Map<string, number>();
  #turn = 0;

  constructor(broker: MemoryBroker, engine: string, fault?: TransportFault) {
    this.#broker = broker;
    this.#engine = engine;
    this.#fault = fault;
    this.limits = { recordBytesMax: broker.recordBytesMax };
  }

  open(): Promise<void> {
    return this.#call("open", () => {});
  }

  inputWatermarks(): Promise<readonly Watermark[]> {
    return this.#call("inputWatermarks", () => this.#broker.watermarks());
  }

  outputPartitions(topic: string): number {
    return this.#broker.outputPartitions(topic);
  }

  async fence(): Promise<"owner" | "fenced"> {
    if ((await this.#pass("before fence")) === "fenced") return "fenced";
    this.#owner = this.#broker.takeOver(this.#engine);
    await this.#pass("after fence");
    return "owner";
  }

  readProgress(): Promise<Uint8Array | null> {
    return this.#call("readProgress", () => this.#broker.readProgress(this.#engine));
  }

  seek(positions: Positions): Promise<void> {
    return this.#call("seek", () => {
      for (const { topic, partition, low } of this.#broker.watermarks()) {
        this.#positions.set(`${topic}-${partition}`, positions.get(topic)?.get(partition) ?? low);
      }
    });
  }

  async poll(recordsMax: number, bytesMax: number, waitMs: number): Promise<readonly InputRecord[]> {
    await this.#pass("before poll");
    let records = this.#take(recordsMax, bytesMax);
    if (records.length === 0 && waitMs > 0) {
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, waitMs);
      });
      await Promise.race([this.#broker.arrival(), timeout]);
      clearTimeout(timer);
      records = this.#take(recordsMax, bytesMax);
    }
    await this.#pass("after poll");
    return records;
  }

  /** One record of each partition in turn, until a limit is reached. */
  #take(recordsMax: number, bytesMax: number): InputRecord[] {
    const marks = this.#broker.watermarks();
    const queues = marks.map(({ topic, partition, low }) =>
      this.#broker.inputFrom(topic, partition, this.#positions.get(`${topic}-${partition}`) ?? low),
    );
    const records: InputRecord[] = [];
    let bytes = 0;
    for (let idle = 0; idle < queues.length && records.length < recordsMax; this.#turn++) {
      const mark = marks[this.#turn % marks.length]!;
      const next = queues[this.#turn % queues.length]!.next();
      if (next.done === true) {
        this.#positions.set(`${mark.topic}-${mark.partition}`, mark.high);
        idle++;
        continue;
      }
      idle = 0;
      const { topic, partition, offset, key, value } = next.value;
      bytes += (key?.length ?? 0) + (value?.length ?? 0);
      if (records.length > 0 && bytes > bytesMax) break;
      records.push(next.value);
      this.#positions.set(`${topic}-${partition}`, offset + 1);
    }
    return records;
  }

  positions(): Positions {
    const positions = new Map<string, Map<number, number>>();
    for (const { topic, partition, low } of this.#broker.watermarks()) {
      const offsets = positions.get(topic) ?? new Map<number, number>();
      positions.set(topic, offsets.set(partition, this.#positions.get(`${topic}-${partition}`) ?? low));
    }
    return positions;
  }

  async publish(batch: PublishBatch): Promise<PublishOutcome> {
    const transaction: Transaction = { engine: this.#engine, batch };
    this.#broker.check(batch);
    this.#owner ??= this.#broker.takeOver(this.#engine);
    for (const point of ["before publish", "publish staged"] as const) {
      const answer = await this.#pass(point);
      if (!this.#broker.isOwner(this.#engine, this.#owner)) return "fenced";
      if (answer === "in-flight") this.#broker.leaveInFlight(transaction);
      if (answer !== undefined) return answer === "in-flight" ? "unknown" : answer;
    }
    this.#broker.commit(transaction);
    if ((await this.#pass("publish sent")) === "unknown") return "unknown";
    await this.#pass("after publish");
    return "committed";
  }

  append(source: string, records: readonly AppendRecord[]): Promise<void> {
    return this.#call("append", () => this.#broker.append(source, records));
  }

  async *readOutput(topic: string): AsyncIterable<InputRecord> {
    yield* await this.#call("readOutput", () => this.#broker.output(topic));
  }

  close(): Promise<void> {
    return this.#call("close", () => {});
  }

  async #call<T>(call: TransportCall, effect: () => T): Promise<T> {
    await this.#pass(`before ${call}`);
    const result = effect();
    await this.#pass(`after ${call}`);
    return result;
  }

  async #pass(point: FaultPoint): Promise<FaultAnswer | undefined> {
    this.#broker.passed.set(point, (this.#broker.passed.get(point) ?? 0) + 1);
    return (await this.#fault?.(point)) ?? undefined;
  }
}
