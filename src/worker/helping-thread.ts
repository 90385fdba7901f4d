/**
 * A second thread for a start: it plants itemsets while the state is loaded, and counts half of the rules (core/help.ts).
 * Whatever becomes of it, the engine comes to the same.
 */
/* oxlint-disable unicorn/require-post-message-target-origin -- that is for windows */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Errand, Helper } from "../core/help.ts";
import type { Planted, PlantingBasis } from "../core/planted.ts";
import type { CountedRules, RuleCountBasis } from "../core/rule-count.ts";
import type { RuleFillBasis } from "../core/rule-fill.ts";
import type { Log } from "../log.ts";
import { buffersIn } from "./buffers.ts";

/** Fewer people are counted before a thread has begun. */
const PEOPLE_MIN = 10_000;
/** What is short-lived there is little; Node would take ten times as much. */
const YOUNG_MEGABYTES = 4;
/** From source there is none that Node could load. */
const THREAD = new URL("./helping-thread-main.js", import.meta.url);

const FAILED = "the thread that helps to count has failed; everything is counted without it";

export type Task =
  | { readonly kind: "plant"; readonly basis: PlantingBasis }
  | { readonly kind: "countRules"; readonly basis: RuleCountBasis }
  | { readonly kind: "fillRules"; readonly basis: RuleFillBasis };

export interface HelpingThreadOptions {
  readonly peopleMin?: number;
  readonly file?: URL;
}

class ThreadErrand<Result> implements Errand<Result> {
  result: Result | null | undefined = undefined;
}

export class HelpingThread implements Helper {
  readonly #thread: Worker;
  /** In the order in which the thread answers. */
  readonly #errands: ThreadErrand<unknown>[] = [];
  #hasEnded = false;

  /** null: there are too few people, or there is no second core for it. */
  static begin(people: number, log: Log, options: HelpingThreadOptions = {}): HelpingThread | null {
    const { peopleMin = PEOPLE_MIN, file = THREAD } = options;
    if (people < peopleMin || availableParallelism() < 2 || !existsSync(file)) return null;
    return new HelpingThread(file, log);
  }

  private constructor(file: URL, log: Log) {
    this.#thread = new Worker(file, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES } });
    this.#thread.unref();
    this.#thread.on("message", (result: unknown) => {
      this.#errands.shift()!.result = result;
    });
    this.#thread.on("error", (error) => log.warn({ err: error }, FAILED));
    this.#thread.on("exit", () => {
      this.#hasEnded = true;
      for (const errand of this.#errands) errand.result = null;
    });
  }

  plant(basis: PlantingBasis): Errand<Planted> {
    return this.#ask({ kind: "plant", basis }, []);
  }

  countRules(basis: RuleCountBasis): Errand<CountedRules> {
    return this.#ask({ kind: "countRules", basis }, buffersIn(basis.members));
  }

  fillRules(basis: RuleFillBasis): Errand<Int32Array[]> {
    return this.#ask({ kind: "fillRules", basis }, []);
  }

  async close(): Promise<void> {
    this.#thread.removeAllListeners("message");
    await this.#thread.terminate();
  }

  #ask<Result>(task: Task, transferred: readonly ArrayBuffer[]): Errand<Result> {
    const errand = new ThreadErrand<Result>();
    if (this.#hasEnded) errand.result = null;
    else this.#thread.postMessage(task, transferred);
    this.#errands.push(errand);
    return errand;
  }
}
