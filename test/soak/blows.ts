/** Seeded blows at a worker and its broker, in every deck of ten all kinds. A worker that is gone is started again. */
import { setTimeout as sleep } from "node:timers/promises";
import type { WorkerProcess } from "../e2e-kafka/engine-folder.ts";
import type { Stage } from "../e2e-kafka/stage.ts";
import type { Broker } from "../support/kafka-broker.ts";
import type { RandomSource } from "../support/random-source.ts";

export interface BlowCounts {
  kills: number;
  pauses: number;
  terms: number;
  brokerRestarts: number;
  /** Ends of its own accord, by exit code. */
  ownEnds: Record<string, number>;
}

type Blow = "kill" | "term" | "pause" | "broker";

const DECK: readonly Blow[] = ["kill", "kill", "kill", "kill", "kill", "kill", "kill", "term", "pause", "broker"];
/** While it starts and recovers. */
const EARLY_SHARE = 0.3;
const EARLY_MS = 1_500;
const STEPS_MAX = 8;
const STEPS_WAIT_MS = 120_000;
/** Each look at the topics is a connection of its own. */
const POLL_MS = 100;
const JITTER_MS = 200;
const BROKER_AWAY_MS = 2_000;
/** The broker was away for longer than the worker waits for it. */
const TRANSPORT = 7;

export class Blows {
  readonly counts: BlowCounts = { kills: 0, pauses: 0, terms: 0, brokerRestarts: 0, ownEnds: {} };
  readonly problems: string[] = [];
  readonly #stage: Stage;
  readonly #broker: Broker;
  readonly #random: RandomSource;
  readonly #transactionTimeoutMs: number;
  #deck: Blow[] = [];
  #worker: WorkerProcess | null = null;

  constructor(stage: Stage, broker: Broker, random: RandomSource, transactionTimeoutMs: number) {
    this.#stage = stage;
    this.#broker = broker;
    this.#random = random;
    this.#transactionTimeoutMs = transactionTimeoutMs;
  }

  /** The one that runs. */
  worker(): WorkerProcess {
    const worker = this.#worker;
    if (worker?.isRunning) return worker;
    if (worker !== null && worker.end?.signal === null) this.#noteEnd(worker);
    this.#worker = this.#stage.folder.run();
    return this.#worker;
  }

  async strike(): Promise<void> {
    if (this.#deck.length === 0) this.#deck = this.#random.shuffle(DECK);
    const blow = this.#deck.pop() as Blow;
    const worker = this.worker();
    await this.#moment(worker);
    switch (blow) {
      case "kill":
        return this.#kill(worker);
      case "term":
        return this.#term(worker);
      case "pause":
        return this.#pause(worker);
      case "broker":
        return this.#restartBroker(worker);
    }
  }

  async #moment(worker: WorkerProcess): Promise<void> {
    if (this.#random.chance(EARLY_SHARE)) {
      await sleep(this.#random.between(0, EARLY_MS));
      return;
    }
    const end = (await this.#stage.progressEnd()) + 2 * this.#random.between(1, STEPS_MAX);
    const deadline = Date.now() + STEPS_WAIT_MS;
    while (worker.isRunning && (await this.#stage.progressEnd()) < end) {
      if (Date.now() > deadline) {
        this.problems.push(`no step within ${STEPS_WAIT_MS} ms: ${worker.errors.slice(-2_000)}`);
        break;
      }
      await sleep(POLL_MS);
    }
    await sleep(this.#random.between(0, JITTER_MS));
  }

  async #kill(worker: WorkerProcess): Promise<void> {
    const { signal } = await worker.kill("SIGKILL");
    if (signal === "SIGKILL") this.counts.kills++;
  }

  async #term(worker: WorkerProcess): Promise<void> {
    const { code, signal } = await worker.kill("SIGTERM");
    // Before it listens, the signal itself ends it.
    if (code === 0 || signal === "SIGTERM") this.counts.terms++;
    else this.#noteEnd(worker);
  }

  async #pause(worker: WorkerProcess): Promise<void> {
    if (!worker.child.kill("SIGSTOP")) return;
    await sleep(this.#transactionTimeoutMs * (1.3 + this.#random.fraction()));
    worker.child.kill("SIGCONT");
    this.counts.pauses++;
  }

  async #restartBroker(worker: WorkerProcess): Promise<void> {
    if (this.#random.chance(0.5)) await this.#broker.kill();
    else await this.#broker.stop();
    if (this.#random.chance(0.3)) await this.#kill(worker);
    await sleep(this.#random.between(0, BROKER_AWAY_MS));
    await this.#broker.restart();
    this.counts.brokerRestarts++;
  }

  #noteEnd({ end, errors }: WorkerProcess): void {
    const code = String(end?.code);
    if (end?.code === 0) return;
    this.counts.ownEnds[code] = (this.counts.ownEnds[code] ?? 0) + 1;
    if (end?.code !== TRANSPORT) this.problems.push(`the worker ended with code ${code}: ${errors.slice(-2_000)}`);
  }
}
