/** The state as of the last committed step, for commands that only read. A worker may be running beside them. */

import type { Config } from "../config/keys.ts";
import { settingsDigest, settingsOf } from "../config.ts";
import type { Engine } from "../core/engine.ts";
import type { Settings } from "../core/settings.ts";
import { AppError } from "../errors.ts";
import { openStore } from "../state/sqlite-store.ts";
import type { StoredHead } from "../state/store.ts";
import { loadEngine } from "../worker/load.ts";
import { decodeProgress } from "../worker/progress.ts";

export interface StoredEngine {
  /** Not started: it knows the tables and the published view, and nothing exact. */
  readonly engine: Engine;
  readonly head: StoredHead;
  /** Entitlements with something left to tell. */
  readonly pending: number;
  readonly settings: Settings;
}

/** Rejects with AppError("state") where nothing is stored yet, "config" where the settings are not those of the state. */
export async function readStoredEngine(config: Config): Promise<StoredEngine> {
  const store = await openStore(config.data, { readOnly: true });
  try {
    const head = await store.readHead();
    if (head === null)
      throw new AppError("state", `the state in ${config.data} is empty`, "import or apply something first");
    const settings = settingsOf(config);
    if (head.configDigest !== null && head.configDigest !== settingsDigest(settings)) {
      throw new AppError(
        "config",
        "settings that change results differ from those the state was computed with",
        "name the same --config and --set values that the worker has",
      );
    }
    return { engine: await loadEngine(config.data, store, settings, head), head, pending: pendingOf(head), settings };
  } finally {
    await store.close();
  }
}

/** While catching up every entitlement is pending; only the step's progress record says so. */
function pendingOf({ pending, outbox }: StoredHead): number {
  return outbox === null ? pending.length : decodeProgress(outbox.progress).pending;
}

/** The same, started at the clock of the state: it has counted everything, and answers exactly. */
export async function startStoredEngine(config: Config): Promise<StoredEngine> {
  const stored = await readStoredEngine(config);
  stored.engine.start(stored.head.clockMinute);
  return stored;
}
