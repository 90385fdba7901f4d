/**
 * The transport port in memory, with faults. The broker outlives the transports that are opened over it, as a real one
 * outlives the processes: after a simulated crash a test opens another transport over the same broker.
 *
 *  1. A publish is atomic. One that is `in-flight` is committed by the next fence, or, for a caller that does not fence,
 *     right after it has read the progress: the caller that trusts what it read then repeats the step.
 *  2. A fence takes the engine over: publishes of older transports answer `fenced`.
 */
import type {
  AppendRecord,
  InputRecord,
  Positions,
  PublishBatch,
  PublishOutcome,
  Transport,
  TransportLimits,
  Watermark,
} from "../../src/transport/transport.ts";
import type { MemoryBroker, Transaction } from "./memory-broker.ts";

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
