/** A state on disk that a benchmark fills: rows of the engine, committed in large slices as step 1. */

import type { Config } from "../src/config/keys.ts";
import { loadConfig, settingsDigest, settingsOf } from "../src/config.ts";
import type { TableChanges } from "../src/core/rows.ts";
import { openStore } from "../src/state/sqlite-store.ts";
import type { Outbox, Store } from "../src/state/store.ts";
import { NO_COUNTS } from "../src/worker/report.ts";
import { fixOutbox } from "../src/worker/step-commit.ts";
import { NO_CHANGES } from "../test/support/no-changes.ts";
import { COMPANY_MINUTE } from "./company-rows.ts";

const NUMBERS = { epoch: 1, step: 1, positions: new Map(), publishedStep: 0 } as const;

/** Default settings, the state in `folder`, nothing logged that is not a problem. */
export const benchConfig = (folder: string): Config => loadConfig({ sets: [`data=${folder}`, "log.level=error"] });

export class BenchState {
  readonly #config: Config;
  readonly #store: Store;

  private constructor(config: Config, store: Store) {
    this.#config = config;
    this.#store = store;
  }

  static async open(config: Config): Promise<BenchState> {
    const store = await openStore(config.data);
    await store.beginEpoch(config.engine, NUMBERS.epoch, settingsDigest(settingsOf(config)));
    return new BenchState(config, store);
  }

  /** Durable when it resolves. */
  async write(changes: Partial<TableChanges>, outbox: Outbox | null = null): Promise<void> {
    await this.#store.commit({
      ...NUMBERS,
      ...NO_CHANGES,
      ...changes,
      clockMinute: COMPANY_MINUTE,
      counts: NO_COUNTS,
      eventIds: [],
      forgetEventsBefore: 0,
      outbox,
    });
  }

  /** Ends step 1 as one that published nothing, so that a worker can go on from here. */
  async close(): Promise<void> {
    const { engine } = this.#config;
    const configDigest = settingsDigest(settingsOf(this.#config));
    const facts = { engine, clockMinute: COMPANY_MINUTE, pending: 0, configDigest };
    await this.write({}, fixOutbox(NUMBERS, [], facts));
    await this.#store.close();
  }
}
