/** A case on a broker: an engine with topics of its own, a producer, and what is expected of them. */
import type { Admin, Kafka } from "kafkajs";
import type { Config } from "../../src/config/keys.ts";
import { loadConfig, settingsOf } from "../../src/config.ts";
import { recount } from "../../src/core/recount.ts";
import { loadSchemaTable } from "../../src/events/schema-files.ts";
import type { StoredHead } from "../../src/state/store.ts";
import { offsetsOf, withAdmin } from "../../src/transport/kafka/admin.ts";
import type { Positions } from "../../src/transport/transport.ts";
import type { TopicSource } from "../support/console-stream.ts";
import { ReferenceTables } from "../support/reference-tables.ts";
import { EngineFolder, type WorkerProcess } from "./engine-folder.ts";
import { Feed } from "./feed.ts";
import { exportListing, type Listing, viewListing } from "./listing.ts";

const INPUTS = ["hr.identities", "iga.assignments", "iga.entitlements", "iga.requests", "iga.decisions"];
const PARTITIONS = 4;
const UNREACHABLE_MS = 60_000;

export interface StageOptions {
  readonly kafka: Kafka;
  readonly brokers: readonly string[];
  readonly jars: string;
  readonly prefix: string;
  readonly format: "json" | "avro";
  /** Beside what a case needs by itself. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly transactionTimeoutMs?: number;
}

export class Stage {
  readonly source: TopicSource;
  readonly folder: EngineFolder;
  readonly feed: Feed;
  readonly #kafka: Kafka;
  readonly #config: Config;

  private constructor(options: StageOptions, folder: EngineFolder, feed: Feed, config: Config) {
    this.source = options;
    this.folder = folder;
    this.feed = feed;
    this.#kafka = options.kafka;
    this.#config = config;
  }

  static async open(options: StageOptions): Promise<Stage> {
    const { kafka, prefix, brokers, format } = options;
    const settings = {
      ...options.settings,
      engine: `${prefix}engine`,
      transport: "kafka",
      format,
      kafka: { brokers, transactionTimeoutMs: options.transactionTimeoutMs ?? 20_000, replicationFactor: 1 },
      topics: { prefix, partitions: PARTITIONS },
    };
    const folder = new EngineFolder(settings);
    const config = loadConfig({ file: "config.yaml", cwd: folder.path });
    await folder.command(["topics", "--create"]);
    const feed = new Feed(kafka, { prefix, avro: format === "avro" ? await loadSchemaTable() : null });
    await feed.connect();
    return new Stage(options, folder, feed, config);
  }

  async close(): Promise<void> {
    await this.folder.remove();
    await this.feed.disconnect();
  }

  async inputEnds(): Promise<Positions> {
    const ends = new Map<string, ReadonlyMap<number, number>>();
    for (const name of INPUTS) {
      const topic = `${this.source.prefix}${name}`;
      const offsets = await this.ask((admin) => offsetsOf(admin, topic));
      ends.set(topic, new Map(offsets.map(({ partition, high }) => [partition, high])));
    }
    return ends;
  }

  /** Records in all input topics. */
  async inputCount(): Promise<number> {
    const ends = [...(await this.inputEnds()).values()].flatMap((partitions) => [...partitions.values()]);
    return ends.reduce((a, b) => a + b, 0);
  }

  /** End of the progress topic: two more with each step. */
  async progressEnd(): Promise<number> {
    const [only] = await this.ask((admin) => offsetsOf(admin, `${this.source.prefix}progress`));
    return only?.high ?? 0;
  }

  ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    return withAdmin(this.#kafka, UNREACHABLE_MS, "the test asks", question);
  }

  /** Lets the worker read all that was sent, then ends it. */
  async finish(worker: WorkerProcess, timeoutMs: number): Promise<StoredHead> {
    const head = await this.folder.quiet(worker, await this.inputEnds(), timeoutMs);
    const end = await worker.kill("SIGTERM");
    if (end.code !== 0) throw new Error(`SIGTERM ended it with ${JSON.stringify(end)}: ${worker.errors}`);
    return head;
  }

  async published(): Promise<Listing> {
    await this.folder.command(["export", "--published", "--out", "published"]);
    return exportListing(this.folder, "published");
  }

  async exact(): Promise<Listing> {
    await this.folder.command(["export", "--out", "exact"]);
    return exportListing(this.folder, "exact");
  }

  /** The exact view by the oracle, over tables made from what the producer sent. */
  async oracle(): Promise<Listing> {
    const settings = settingsOf(this.#config);
    const head = await this.folder.head();
    const tables = new ReferenceTables(settings);
    tables.advanceTo(head?.clockMinute ?? 0);
    for (const event of this.feed.sent) tables.apply(event, event.at ?? 0);
    return viewListing(recount(tables.tables(), settings));
  }
}
