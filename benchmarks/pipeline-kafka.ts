/** The pipeline on Kafka: a producer that is not ours, the built worker as a process of its own, readers of committed records. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kafka, Message, Producer, RecordMetadata, TopicMessages } from "kafkajs";
import type { Config } from "../src/config/keys.ts";
import { loadConfig } from "../src/config.ts";
import { openLog } from "../src/log.ts";
import { createKafka } from "../src/transport/kafka/client.ts";
import { explicitPartition } from "../src/transport/kafka/sink.ts";
import { createTopics, type TopicPlan } from "../src/transport/kafka/topics.ts";
import { partitionOf } from "../src/transport/partitioner.ts";
import type { AppendRecord, InputRecord, Positions } from "../src/transport/transport.ts";
import { reached } from "../src/worker/positions.ts";
import { decodeProgress } from "../src/worker/progress.ts";
import { PROJECT_ROOT } from "../test/support/project-root.ts";
import type { DirectDelta, Pipeline, PublishedStep } from "./pipeline.ts";
import { sumOf, Tail, withAdminOf } from "./pipeline-tail.ts";

const MAIN = join(PROJECT_ROOT, "dist", "main.js");
const REQUEST_RECORDS = 1_000;
const TRANSACTION_TIMEOUT_MS = 300_000;
const CLOCK_TICKS_A_SECOND = 100;
const ERRORS_KEPT = 10_000;
const CAUSE = Buffer.from('"cause":"');
const QUOTE = 34;

export interface KafkaPipelineOptions {
  readonly brokers: readonly string[];
  /** For the state and the worker's configuration. */
  readonly folder: string;
  readonly partitions: number;
  /** `key=value` of the worker's configuration. */
  readonly sets: readonly string[];
  /** Put before `main.js`, to profile the worker: `--cpu-prof`. */
  readonly nodeArguments: readonly string[];
}

export class KafkaPipeline implements Pipeline {
  readonly config: Config;
  readonly kafka: Kafka;
  readonly plan: TopicPlan;
  readonly #options: KafkaPipelineOptions;
  readonly #producer: Producer;
  readonly #atOnce: Producer;
  readonly #tails: Tail[] = [];
  readonly #listeners: ((step: PublishedStep) => void)[] = [];
  readonly #appended = new Map<string, Map<number, number>>();
  #directDelta: DirectDelta | null = null;
  #worker: ChildProcess | null = null;
  #errors = "";
  #failure: Error | null = null;
  #read = 0;
  #positions: Positions = new Map();
  #pending = 0;
  #wake: () => void = () => {};

  private constructor(options: KafkaPipelineOptions, config: Config) {
    this.#options = options;
    this.config = config;
    this.kafka = createKafka(config.kafka, openLog("silent"));
    this.plan = topicPlan(config);
    const common = { allowAutoTopicCreation: false, createPartitioner: () => explicitPartition };
    this.#producer = this.kafka.producer({ ...common, idempotent: true });
    this.#atOnce = this.kafka.producer({
      ...common,
      transactionalId: `${config.engine}.backlog`,
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
    });
  }

  /** New topics on the broker, with a prefix of their own. */
  static async open(options: KafkaPipelineOptions): Promise<KafkaPipeline> {
    const prefix = `bench-${process.pid}-${Date.now().toString(36)}.`;
    const { brokers, folder, partitions, sets } = options;
    const settings = {
      engine: `${prefix}engine`,
      data: join(folder, "state"),
      transport: "kafka",
      kafka: { brokers, replicationFactor: 1 },
      topics: { prefix, partitions },
    };
    writeFileSync(join(folder, "config.yaml"), JSON.stringify(settings));
    const pipeline = new KafkaPipeline(options, loadConfig({ file: "config.yaml", cwd: folder, sets }));
    const sizes = { inputPartitions: partitions, outputPartitions: partitions, replicationFactor: 1 };
    await withAdminOf(pipeline.kafka, (admin) => createTopics(admin, pipeline.plan, sizes));
    await pipeline.#producer.connect();
    await pipeline.#atOnce.connect();
    return pipeline;
  }

  async append(records: readonly AppendRecord[]): Promise<void> {
    for (const topicMessages of this.#requests(records)) {
      this.#note(topicMessages, await this.#producer.sendBatch({ topicMessages }));
    }
  }

  async appendAtOnce(records: readonly AppendRecord[]): Promise<number> {
    const transaction = await this.#atOnce.transaction();
    for (const topicMessages of this.#requests(records)) {
      this.#note(topicMessages, await transaction.sendBatch({ topicMessages }));
    }
    const visibleMs = performance.now();
    await transaction.commit();
    return visibleMs;
  }

  async start(): Promise<void> {
    await this.#follow([this.plan.progressTopic], (record) => this.#observe(record));
    const { nodeArguments, folder, sets } = this.#options;
    const setArguments = sets.flatMap((set) => ["--set", set]);
    const worker = spawn(
      process.execPath,
      [...nodeArguments, MAIN, "run", "--config", "config.yaml", ...setArguments],
      {
        cwd: folder,
        stdio: ["ignore", "ignore", "pipe"],
        // The rest of the environment would be configuration; huge pages are as docs/OPERATIONS.md asks for.
        env: { PATH: process.env["PATH"], GLIBC_TUNABLES: process.env["GLIBC_TUNABLES"] },
      },
    );
    worker.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-ERRORS_KEPT);
    });
    const killWithUs = (): boolean => worker.kill("SIGKILL");
    process.once("exit", killWithUs);
    worker.on("close", (code, signal) => {
      process.off("exit", killWithUs);
      this.#worker = null;
      if (code !== 0) this.#failure = new Error(`the worker ended with ${code ?? signal}: ${this.#errors}`);
      this.#wake();
    });
    this.#worker = worker;
  }

  async whenQuiet(): Promise<void> {
    while (this.#failure === null && (this.#pending > 0 || !reached(this.#positions, this.#appended))) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== null) throw this.#failure;
  }

  onStep(listener: (step: PublishedStep) => void): void {
    this.#listeners.push(listener);
  }

  async watchDirectDeltas(listener: DirectDelta): Promise<void> {
    const isFirst = this.#directDelta === null;
    this.#directDelta = listener;
    if (isFirst) await this.#follow(this.plan.outputTopics, (record) => this.#tellDirectDelta(record));
  }

  /** From the process table of Linux. */
  cpuSeconds(): number | null {
    const pid = this.#worker?.pid;
    if (pid === undefined || process.platform !== "linux") return null;
    const afterName = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1) ?? "";
    const [userTicks, systemTicks] = afterName.split(" ").slice(11, 13).map(Number);
    return ((userTicks ?? 0) + (systemTicks ?? 0)) / CLOCK_TICKS_A_SECOND;
  }

  /** From the process table of Linux. */
  peakBytes(): number | null {
    const pid = this.#worker?.pid;
    if (pid === undefined || process.platform !== "linux") return null;
    const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kilobytes) * 1024;
  }

  async stop(): Promise<void> {
    for (const tail of this.#tails.splice(0)) await tail.stop();
    await this.#endWorker("SIGTERM");
    await this.#producer.disconnect();
    await this.#atOnce.disconnect();
    if (this.#failure !== null) throw this.#failure;
  }

  /** After a failure: leaves no process behind. */
  async dispose(): Promise<void> {
    await this.#endWorker("SIGKILL");
  }

  /** Next offsets to be written, by input topic and partition, as far as this pipeline appended. */
  appended(): Positions {
    return new Map([...this.#appended].map(([topic, offsets]) => [topic, new Map(offsets)]));
  }

  async #endWorker(signal: NodeJS.Signals): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    const ended = new Promise((resolve) => worker.once("close", resolve));
    worker.kill(signal);
    await ended;
  }

  async #follow(topics: readonly string[], take: (record: InputRecord) => void): Promise<void> {
    const tail = await Tail.open(this.kafka, this.config.engine, topics, take, (error) => {
      this.#failure = error;
      this.#wake();
    });
    this.#tails.push(tail);
  }

  *#requests(records: readonly AppendRecord[]): Generator<TopicMessages[]> {
    for (let from = 0; from < records.length; from += REQUEST_RECORDS) {
      const topics = new Map<string, Message[]>();
      for (const { topic, key, value } of records.slice(from, from + REQUEST_RECORDS)) {
        const messages = topics.get(topic) ?? [];
        const partition = partitionOf(key, this.#options.partitions);
        messages.push({ key, value: Buffer.from(value), partition });
        topics.set(topic, messages);
      }
      yield Array.from(topics, ([topic, messages]) => ({ topic, messages }));
    }
  }

  #note(sent: readonly TopicMessages[], metadata: readonly RecordMetadata[]): void {
    for (const { topicName, partition, baseOffset } of metadata) {
      const messages = sent.find(({ topic }) => topic === topicName)?.messages ?? [];
      const count = messages.filter((message) => message.partition === partition).length;
      const offsets = this.#appended.get(topicName) ?? new Map<number, number>();
      this.#appended.set(topicName, offsets.set(partition, Number(baseOffset) + count));
    }
  }

  #observe({ value }: InputRecord): void {
    if (value === null) return;
    const seenMs = performance.now();
    const { step, positions, pending, records } = decodeProgress(value);
    const read = sumOf(positions);
    for (const listener of this.#listeners) {
      listener({ step, seenMs, inputs: read - this.#read, outputs: records, pending });
    }
    this.#read = read;
    this.#positions = positions;
    this.#pending = pending;
    this.#wake();
  }

  #tellDirectDelta({ topic, key, value }: InputRecord): void {
    const seenMs = performance.now();
    if (value === null) {
      const isPrediction = topic === this.plan.outputTopics[0];
      if (isPrediction && key !== null) this.#directDelta?.(Buffer.from(key).toString(), seenMs);
      return;
    }
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
    const at = bytes.lastIndexOf(CAUSE);
    if (at < 0) return;
    const from = at + CAUSE.length;
    this.#directDelta?.(bytes.toString("utf8", from, bytes.indexOf(QUOTE, from)), seenMs);
  }
}

function topicPlan({ topics }: Config): TopicPlan {
  const named = (...names: readonly string[]): string[] => names.map((name) => `${topics.prefix}${name}`);
  return {
    inputTopics: named(topics.identities, topics.assignments, topics.entitlements, topics.requests, topics.decisions),
    outputTopics: named(topics.predictions, topics.recommendations, topics.flags, topics.actions),
    logTopics: named(topics.audit, topics.rejects),
    progressTopic: `${topics.prefix}${topics.progress}`,
  };
}
