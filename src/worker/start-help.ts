/** The start of a large engine, with another thread that helps, so long as there is a second core. */
import { setImmediate as eventLoop } from "node:timers/promises";
import type { Engine } from "../core/engine.ts";
import type { Log } from "../log.ts";
import { checkSignal, NO_SIGNAL } from "./grace.ts";
import { HelpingThread, type HelpingThreadOptions } from "./helping-thread.ts";

export class StartHelp {
  readonly #log: Log;
  #thread: HelpingThread | null = null;

  readonly #options: HelpingThreadOptions;

  constructor(log: Log, options: HelpingThreadOptions = {}) {
    this.#log = log;
    this.#options = options;
  }

  /** All people were loaded, and what they hold was not. */
  plantAhead(engine: Engine): void {
    this.#thread = HelpingThread.begin(engine.company.identities.size, this.#log, this.#options);
    if (this.#thread !== null) engine.plantAhead(this.#thread);
  }

  /**
   * `Engine.start`; heeds other things now and then, so nobody may ask the engine for anything meanwhile. Rejects with an
   * AbortError at the signal; the engine is of no use then.
   */
  async start(engine: Engine, clockMinute: number, signal: AbortSignal = NO_SIGNAL): Promise<void> {
    for (const _ of engine.startInSlices(clockMinute, this.#thread)) {
      await (this.#thread === null ? eventLoop() : this.#thread.rest());
      checkSignal(signal);
    }
  }

  async end(): Promise<void> {
    await this.#thread?.close();
  }
}
