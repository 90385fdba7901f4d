/**
 * What outlives a process: the broker and the state folder. A crash leaves both as they are at that moment; a new
 * process opens a copy of the folder, because the connections of the dead one cannot be torn away.
 */

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Config } from "../../src/config/keys.ts";
import { loadConfig } from "../../src/config.ts";
import { loadSchemaTable } from "../../src/events/schema-files.ts";
import { openStore, STATE_FILE } from "../../src/state/sqlite-store.ts";
import type { Store } from "../../src/state/store.ts";
import { Journal } from "../../src/transport/journal.ts";
import type { InputRecord, Transport } from "../../src/transport/transport.ts";
import { openWorker } from "../../src/worker/open-worker.ts";
import type { Worker } from "../../src/worker/worker.ts";
import { type BrokerOptions, MemoryBroker } from "../support/memory-broker.ts";
import { MemoryTransport, SimulatedCrash } from "../support/memory-transport.ts";
import { FaultPlan, faultyStore, ProcessLife } from "./fault-plan.ts";
import { TOPICS, type Wave } from "./scenario.ts";

export const OUTPUTS = ["predictions", "recommendations", "flags", "rejects"] as const;
const PARTITIONS = 2;
const BROKER: BrokerOptions = {
  inputTopics: Object.fromEntries(Object.values(TOPICS).map((topic) => [topic, PARTITIONS])),
  outputTopics: Object.fromEntries([...OUTPUTS, "actions", "audit"].map((topic) => [topic, PARTITIONS])),
};
const log = pino({ level: "silent" });
const schemas = await loadSchemaTable();
/** Memory where there is a file system of it: thousands of states are written. */
const ROOT = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const CRASHES_MAX = 5;
/** After a crash the machine's clock is behind by so much, until the wave is through. */
const CLOCK_SLIP_MS = 5 * 60_000;

export type TransportKind = "memory" | "journal";

/** Changes the protocol, to prove that the checks notice. */
export interface Mutation {
  readonly name: string;
  store?(store: Store): Store;
  transport?(transport: Transport): Transport;
}

export class World {
  readonly kind: TransportKind;
  readonly settings: readonly string[];
  broker: MemoryBroker;
  folder: string;
  nowMs = 0;
  crashes = 0;
  readonly #config: Config;
  readonly #dead: (() => Promise<void>)[] = [];
  readonly #folders: string[] = [];

  private constructor(kind: TransportKind, settings: readonly string[], broker: MemoryBroker, folder: string) {
    this.kind = kind;
    this.settings = settings;
    this.#config = configOf(settings);
    this.broker = broker;
    this.folder = folder;
    this.#folders.push(folder);
  }

  static create(kind: TransportKind, settings: readonly string[]): World {
    return new World(kind, settings, new MemoryBroker(BROKER), newFolder());
  }

  /**
   * The same world once more, between two waves; with `state`, one whose state folder is that of an earlier one (a
   * restored backup), or lost.
   */
  fork(state: World | "lost" = this): World {
    const fork = new World(this.kind, this.settings, this.broker.copy(), newFolder());
    if (state !== "lost") copyFiles(state.folder, fork.folder, isState);
    copyFiles(this.folder, fork.folder, (name) => !isState(name));
    fork.nowMs = this.nowMs;
    return fork;
  }

  /** Another machine with a copy of the state, on the same broker. */
  twin(settings: readonly string[] = []): World {
    const twin = new World(this.kind, [...this.settings, ...settings], this.broker, newFolder());
    copyFiles(this.folder, twin.folder, () => true);
    twin.nowMs = this.nowMs;
    return twin;
  }

  /** What a crash at this very moment would leave. The world itself goes on. */
  crashed(): World {
    const crashed = this.fork();
    crashed.nowMs -= CLOCK_SLIP_MS;
    crashed.crashes = this.crashes + 1;
    return crashed;
  }

  /** Plays a wave to its end, through whatever faults the plan holds. Rejects with what no recovery may end in. */
  play(wave: Wave, plan = new FaultPlan(), mutation?: Mutation): Promise<Worker> {
    this.nowMs = wave.atMs;
    this.broker.nowMs = wave.atMs;
    return this.goOn(wave, plan, mutation);
  }

  /** The same from the middle of the wave, after a crash. */
  async goOn(wave: Wave, plan: FaultPlan, mutation?: Mutation): Promise<Worker> {
    for (;;) {
      try {
        const worker = await this.start(plan, mutation);
        await worker.submit(wave.name, wave.records);
        await worker.runUntilQuiet();
        this.nowMs = wave.atMs;
        await worker.runUntilQuiet();
        await worker.close();
        this.#dead.pop();
        return worker;
      } catch (error) {
        if (!(error instanceof SimulatedCrash) || ++this.crashes > CRASHES_MAX) throw error;
        this.crash();
      }
    }
  }

  async outputs(topic: string): Promise<InputRecord[]> {
    const transport = this.#openTransport(new ProcessLife(new FaultPlan()));
    await transport.open();
    const records: InputRecord[] = [];
    for await (const record of transport.readOutput(topic)) records.push(record);
    await transport.close();
    return records;
  }

  config(): Config {
    return { ...this.#config, data: this.folder };
  }

  async remove(): Promise<void> {
    for (const bury of this.#dead) await bury().catch(() => undefined);
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }

  /** A worker that has recovered. */
  async start(plan = new FaultPlan(), mutation?: Mutation): Promise<Worker> {
    const life = new ProcessLife(plan);
    const opened = await openStore(this.folder);
    const transport = this.#openTransport(life);
    this.#dead.push(async () => {
      life.bury();
      await opened.close();
      await transport.close();
    });
    const store = faultyStore(opened, life);
    return openWorker({
      config: this.config(),
      log,
      schemas,
      now: () => this.nowMs,
      store: mutation?.store?.(store) ?? store,
      transport: mutation?.transport?.(transport) ?? transport,
    });
  }

  #openTransport(life: ProcessLife): Transport {
    if (this.kind === "memory") return new MemoryTransport(this.broker, "corollary", life.pass);
    return new Journal({
      folder: join(this.folder, "journal"),
      engine: "corollary",
      inputTopics: BROKER.inputTopics,
      outputTopics: BROKER.outputTopics,
      progressTopic: "progress",
      recordBytesMax: 1_000_000,
      now: () => this.broker.nowMs,
      fault: (point) => void life.pass(point),
    });
  }

  /** The process is gone; what it left is as it was. */
  crash(): void {
    const next = newFolder();
    copyFiles(this.folder, next, () => true);
    this.#folders.push(next);
    this.folder = next;
    this.nowMs -= CLOCK_SLIP_MS;
  }
}

const configs = new Map<string, Config>();

function configOf(settings: readonly string[]): Config {
  const key = settings.join();
  const known = configs.get(key);
  if (known !== undefined) return known;
  const config = loadConfig({ sets: [`topics.partitions=${PARTITIONS}`, ...settings] });
  configs.set(key, config);
  return config;
}

function newFolder(): string {
  return mkdtempSync(join(ROOT, "corollary-crash-"));
}

function isState(name: string): boolean {
  return name.startsWith(STATE_FILE);
}

/** All but the lock, whose owner is dead. At once, so that nothing moves meanwhile. */
function copyFiles(from: string, to: string, wanted: (name: string) => boolean): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const { name } = entry;
    if (name.startsWith("lock.db") || name.startsWith("owner.json") || !wanted(name)) continue;
    if (!entry.isDirectory()) copyFileSync(join(from, name), join(to, name));
    else {
      mkdirSync(join(to, name));
      copyFiles(join(from, name), join(to, name), () => true);
    }
  }
}
