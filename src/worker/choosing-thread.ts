/**
 * A second thread for the first looks after a start: it chooses for pairs (core/choosing.ts) while this one does all else
 * that their looks take. Whatever becomes of it, the engine comes to the same: what it is not told it works out itself.
 */
/* oxlint-disable unicorn/require-post-message-target-origin -- that is for windows */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Choices, ChoosingBasis } from "../core/choosing.ts";
import type { Engine } from "../core/engine.ts";
import type { Log } from "../log.ts";
import { buffersIn } from "./buffers.ts";

/** With fewer pairs the looks are done before a thread has begun. */
const PAIRS_MIN = 200_000;
/** Pairs given to the thread ahead of its answers: more than are looked at in a step. */
const PAIRS_AHEAD = 60_000;
/** What is short-lived there is little; Node would take ten times as much. */
const YOUNG_MEGABYTES = 4;
/** From source there is none that Node could load. */
const THREAD = new URL("./choosing-thread-main.js", import.meta.url);

const FAILED = "the thread that chooses ahead has failed; the pairs are looked at without it";

interface ChoosingThreadOptions {
  readonly pairsMin?: number;
  readonly file?: URL;
}

export class ChoosingThread {
  readonly #engine: Engine;
  readonly #thread: Worker;
  /** By entitlement: pairs given to the thread and not answered yet. */
  readonly #given: Map<number, number> = new Map();
  #pairsAhead = 0;

  /** null: the engine has too little to look at, or there is no second core for it. */
  static begin(engine: Engine, log: Log, options: ChoosingThreadOptions = {}): ChoosingThread | null {
    const { pairsMin = PAIRS_MIN, file = THREAD } = options;
    if (engine.pairCount() < pairsMin || availableParallelism() < 2 || !existsSync(file)) return null;
    try {
      const basis = engine.beginChoosing();
      return basis === null ? null : new ChoosingThread(engine, basis, file, log);
    } catch (error) {
      log.warn({ err: error }, FAILED);
      return null;
    }
  }

  private constructor(engine: Engine, basis: ChoosingBasis, file: URL, log: Log) {
    this.#engine = engine;
    this.#thread = new Worker(file, {
      workerData: basis,
      transferList: buffersIn(basis),
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    this.#thread.unref();
    this.#thread.on("message", (choices: Choices) => this.#take(choices));
    this.#thread.on("error", (error) => log.warn({ err: error }, FAILED));
    this.#giveMore();
  }

  /** The thread ends by itself when nothing is left for it; this does not wait for that. */
  async close(): Promise<void> {
    this.#thread.removeAllListeners("message");
    await this.#thread.terminate();
  }

  #take(choices: Choices): void {
    this.#pairsAhead -= this.#given.get(choices.entitlement) ?? 0;
    this.#given.delete(choices.entitlement);
    this.#engine.takeChoices(choices);
    this.#giveMore();
  }

  #giveMore(): void {
    while (this.#pairsAhead < PAIRS_AHEAD) {
      const task = this.#engine.nextChoosing();
      if (task === null) break;
      this.#given.set(task.entitlement, task.inRows.length);
      this.#pairsAhead += task.inRows.length;
      // Slots that are not shared (rule-tables.ts) are copied.
      this.#thread.postMessage(task, [task.inRows.buffer as ArrayBuffer]);
    }
    if (this.#given.size === 0) void this.close();
  }
}
