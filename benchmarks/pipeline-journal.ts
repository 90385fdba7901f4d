/** The pipeline on the embedded journal, which has one process: the worker runs in this one, as in `corollary demo`. */
import { join } from "node:path";
import type { Config } from "../src/config/keys.ts";
import { loadConfig } from "../src/config.ts";
import { loadSchemaTable } from "../src/events/schema-files.ts";
import { openLog } from "../src/log.ts";
import type { AppendRecord } from "../src/transport/transport.ts";
import { openWorker } from "../src/worker/open-worker.ts";
import type { StepReport } from "../src/worker/report.ts";
import type { Worker } from "../src/worker/worker.ts";
import { PROJECT_ROOT } from "../test/support/project-root.ts";
import type { DirectDelta, Pipeline, PublishedStep } from "./pipeline.ts";
import { peakBytes, rounded } from "./report.ts";

export class JournalPipeline implements Pipeline {
  readonly config: Config;
  readonly #worker: Worker;
  readonly #end = new AbortController();
  readonly #listeners: ((step: PublishedStep) => void)[] = [];
  #directDelta: DirectDelta = () => {};
  #running: Promise<void> = Promise.resolve();
  #appends = 0;
  #appended = 0;
  #read = 0;
  #pending = 0;
  #wake: () => void = () => {};
  #failure: { readonly error: unknown } | null = null;

  private constructor(config: Config, worker: Worker) {
    this.config = config;
    this.#worker = worker;
    worker.onStep((report) => this.#observe(report));
  }

  /** `folder`: for the state and the journal; `more`: `key=value` of the configuration. */
  static async open(folder: string, partitions: number, more: readonly string[] = []): Promise<JournalPipeline> {
    const sets = [`data=${folder}`, "transport=journal", `topics.partitions=${partitions}`, ...more];
    const config = loadConfig({ sets });
    const schemas = await loadSchemaTable(join(PROJECT_ROOT, "schemas"));
    return new JournalPipeline(config, await openWorker({ config, log: openLog("warn"), schemas }));
  }

  async append(records: readonly AppendRecord[]): Promise<void> {
    this.#appended += records.length;
    await this.#worker.submit(`bench-${this.#appends++}`, records);
  }

  async appendAtOnce(records: readonly AppendRecord[]): Promise<number> {
    await this.append(records);
    return performance.now();
  }

  async start(): Promise<void> {
    this.#running = this.#worker.run(this.#end.signal).catch((error: unknown) => {
      this.#failure = { error };
      this.#wake();
    });
  }

  async whenQuiet(): Promise<void> {
    while (this.#failure === null && (this.#read < this.#appended || this.#pending > 0)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  onStep(listener: (step: PublishedStep) => void): void {
    this.#listeners.push(listener);
  }

  async watchDirectDeltas(listener: DirectDelta): Promise<void> {
    this.#directDelta = listener;
  }

  cpuSeconds(): number {
    const { user, system } = process.cpuUsage();
    return rounded((user + system) / 1_000_000);
  }

  peakBytes(): number {
    return peakBytes();
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#running;
    await this.#worker.close();
  }

  #observe({ step, records, deltas, pending }: StepReport): void {
    const seenMs = performance.now();
    this.#read += records;
    this.#pending = pending;
    for (const { type, user, entitlement, cause } of deltas) {
      if (type === "prediction.removed") this.#directDelta(JSON.stringify([user, entitlement]), seenMs);
      if (cause !== null) this.#directDelta(cause, seenMs);
    }
    for (const listener of this.#listeners) {
      listener({ step, seenMs, inputs: records, outputs: deltas.length, pending });
    }
    this.#wake();
  }
}
