/** Config → a worker that has recovered and is ready to go on. */
import type { Config } from "../config/keys.ts";
import { loadSchemaTable } from "../events/schema-files.ts";
import type { SchemaTable } from "../events/schema-table.ts";
import type { Log } from "../log.ts";
import { openStore } from "../state/sqlite-store.ts";
import type { Store } from "../state/store.ts";
import type { Transport } from "../transport/transport.ts";
import { type Now, systemNow } from "./clock.ts";
import { NO_SIGNAL, withinGrace } from "./grace.ts";
import { makeTransport } from "./open-transport.ts";
import { closePorts } from "./ports.ts";
import { recover } from "./recovery.ts";
import { Worker } from "./worker.ts";

export interface WorkerOptions {
  readonly config: Config;
  readonly log: Log;
  /** The wall clock, ms since 1970. */
  readonly now?: Now;
  /** Without `transport`: the Kafka client in a thread of its own; not from source, for want of a file to run there. */
  readonly ownThread?: boolean;
  /** Defaults: what the configuration names. The worker closes them. */
  readonly transport?: Transport;
  readonly store?: Store;
  /** Default: the schemas that come with the program. */
  readonly schemas?: SchemaTable;
  /** Go on although settings that change results differ from those of the state. */
  readonly acceptConfigChange?: boolean;
  /** Ends a recovery that takes long, because the broker is away. */
  readonly signal?: AbortSignal;
}

/** Recovers what the last process left. Rejects with AppError that says what to do, or with an AbortError at the signal. */
export async function openWorker(options: WorkerOptions): Promise<Worker> {
  const { config, log, now = systemNow, acceptConfigChange = false, ownThread = false, signal = NO_SIGNAL } = options;
  const schemas = options.schemas ?? (await loadSchemaTable());
  const store = options.store ?? (await openStore(config.data));
  const transport = options.transport ?? (await makeTransport(config, log, now, { ownThread }));
  const ports = { config, log, now, store, transport, schemas };
  try {
    return new Worker(ports, await withinGrace(signal, recover(ports, acceptConfigChange, signal)));
  } catch (error) {
    await closePorts(ports);
    throw error;
  }
}
