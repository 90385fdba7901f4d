/**
 * The transport on Kafka with the client in a thread of its own: while the engine works, the client reads on, publishes,
 * and keeps its place in its group. Everything else is as in `KafkaTransport`.
 */
/* oxlint-disable unicorn/require-post-message-target-origin -- that is for windows */
import { Worker } from "node:worker_threads";
import { AppError, errorOf } from "../../errors.ts";
import { packRecords } from "../frames.ts";
import type {
  AppendRecord,
  InputRecord,
  Positions,
  PublishBatch,
  PublishOutcome,
  Transport,
  TransportLimits,
  Watermark,
} from "../transport.ts";
import type { KafkaTransportOptions } from "./kafka-transport.ts";
import {
  type Answer,
  type Calls,
  type Method,
  type Request,
  type ThreadOptions,
  unpackInputs,
} from "./thread-calls.ts";

/** Half of what Node would take: a large company should fit. */
const YOUNG_MEGABYTES = 24;

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

export class KafkaThread implements Transport {
  readonly #options: ThreadOptions;
  readonly #file: URL;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | null = null;
  #calls = 0;
  #failure: Error | null = null;
  #closed: Promise<void> | null = null;
  #limits: TransportLimits = { recordBytesMax: 0 };
  #outputPartitions: ReadonlyMap<string, number> = new Map();
  #positions: Positions = new Map();

  /** `file`: what the thread runs; from source there is none that Node could load. */
  constructor({ log, ...options }: KafkaTransportOptions, file: URL = new URL("./thread-main.js", import.meta.url)) {
    this.#options = { ...options, logLevel: log.level };
    this.#file = file;
  }

  get limits(): TransportLimits {
    return this.#limits;
  }

  async open(): Promise<void> {
    this.#thread ??= this.#begin();
    ({ limits: this.#limits, outputPartitions: this.#outputPartitions } = await this.#call("open", []));
  }

  inputWatermarks(): Promise<readonly Watermark[]> {
    return this.#call("inputWatermarks", []);
  }

  outputPartitions(topic: string): number {
    const partitions = this.#outputPartitions.get(topic);
    if (partitions === undefined) throw new AppError("internal", `topic ${topic} is not among the configured ones`);
    return partitions;
  }

  fence(): Promise<"owner" | "fenced"> {
    return this.#call("fence", []);
  }

  readProgress(): Promise<Uint8Array | null> {
    return this.#call("readProgress", []);
  }

  async seek(positions: Positions): Promise<void> {
    this.#positions = await this.#call("seek", [positions]);
  }

  async poll(recordsMax: number, bytesMax: number, waitMs: number): Promise<readonly InputRecord[]> {
    const { records, positions } = await this.#call("poll", [recordsMax, bytesMax, waitMs]);
    this.#positions = positions;
    return unpackInputs(records);
  }

  positions(): Positions {
    return this.#positions;
  }

  publish(batch: PublishBatch): Promise<PublishOutcome> {
    const { packed, progress, positions } = batch;
    // Records that are packed are not asked for: they would be unpacked.
    return this.#call("publish", [packed ?? [packRecords(batch.records)], progress, positions]);
  }

  append(source: string, records: readonly AppendRecord[]): Promise<void> {
    return this.#call("append", [source, records]);
  }

  async *readOutput(topic: string): AsyncIterable<InputRecord> {
    await this.#call("beginOutput", [topic]);
    try {
      for (let packed = await this.#next(); packed !== null; packed = await this.#next()) yield* packed;
    } finally {
      await this.#call("endOutput", []);
    }
  }

  /** Takes little more than 2 s, although the brokers may be away. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #next(): Promise<InputRecord[] | null> {
    const packed = await this.#call("nextOutput", []);
    return packed === null ? null : unpackInputs(packed);
  }

  #begin(): Worker {
    const thread = new Worker(this.#file, {
      workerData: this.#options,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    thread.on("message", (answer: Answer) => this.#hear(answer));
    thread.on("error", (error) => this.#fail(error));
    thread.on("exit", () => this.#fail(new AppError("internal", "the thread of the Kafka client has ended")));
    return thread;
  }

  #call<M extends Method>(method: M, args: Parameters<Calls[M]>): Promise<ReturnType<Calls[M]>> {
    return new Promise((resolve, reject) => {
      if (this.#thread === null) throw new AppError("internal", `${method} without open`);
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      const request: Request = { id: this.#calls++, method, args };
      this.#thread.postMessage(request);
      this.#waiting.set(request.id, { resolve, reject });
    });
  }

  #hear(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("failure" in answer) waiting?.reject(errorOf(answer.failure));
    else waiting?.resolve(answer.result as never);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }

  async #end(): Promise<void> {
    if (this.#thread === null) return;
    await this.#call("close", []).catch(() => undefined);
    await this.#thread.terminate();
  }
}
