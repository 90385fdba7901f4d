/**
 * A second thread for a start: it plants itemsets while the state is loaded, counts a part of the rules and fills a part
 * of their tables (core/help.ts). Whatever becomes of it, the engine comes to the same.
 */
/* oxlint-disable unicorn/require-post-message-target-origin -- that is for windows */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setImmediate as eventLoop } from "node:timers/promises";
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
  done: Result | null | undefined = undefined;
  readonly #askedInVain: () => void;

  constructor(askedInVain: () => void) {
    this.#askedInVain = askedInVain;
  }

  get result(): Result | null | undefined {
    if (this.done === undefined) this.#askedInVain();
    return this.done;
  }
}

export class HelpingThread implements Helper {
  readonly #thread: Worker;
  readonly #log: Log;
  /** In the order in which the thread answers. */
  readonly #errands: ThreadErrand<unknown>[] = [];
  #hasEnded = false;
  #isAwaited = false;
  #answered = (): void => {};

  /** null: there are too few people, or there is no second core or no thread for it. */
  static begin(people: number, log: Log, options: HelpingThreadOptions = {}): HelpingThread | null {
    const { peopleMin = PEOPLE_MIN, file = THREAD } = options;
    if (people < peopleMin || availableParallelism() < 2 || !existsSync(file)) return null;
    try {
      return new HelpingThread(file, log);
    } catch (error) {
      log.warn({ err: error }, FAILED);
      return null;
    }
  }

  private constructor(file: URL, log: Log) {
    this.#log = log;
    this.#thread = new Worker(file, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES } });
    this.#thread.unref();
    this.#thread.on("message", (result: unknown) => {
      this.#errands.shift()!.done = result;
      this.#answered();
    });
    this.#thread.on("error", (error) => log.warn({ err: error }, FAILED));
    this.#thread.on("messageerror", (error) => {
      log.warn({ err: error }, FAILED);
      void this.#thread.terminate();
    });
    this.#thread.on("exit", () => {
      this.#hasEnded = true;
      for (const errand of this.#errands) errand.done = null;
      this.#answered();
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

  /** The event loop turns once; or, when an errand was asked for in vain since the last time, until the thread answers. */
  async rest(): Promise<void> {
    if (this.#isAwaited && !this.#hasEnded) {
      this.#thread.ref();
      await new Promise<void>((resolve) => {
        this.#answered = resolve;
      });
      this.#thread.unref();
    } else await eventLoop();
    this.#isAwaited = false;
  }

  async close(): Promise<void> {
    this.#thread.removeAllListeners("message");
    await this.#thread.terminate();
  }

  #ask<Result>(task: Task, transferred: readonly ArrayBuffer[]): Errand<Result> {
    const errand = new ThreadErrand<Result>(() => {
      this.#isAwaited = true;
    });
    try {
      if (this.#hasEnded) errand.done = null;
      else this.#thread.postMessage(task, transferred);
      this.#errands.push(errand);
    } catch (error) {
      this.#log.warn({ err: error }, FAILED);
      errand.done = null;
    }
    return errand;
  }
}
