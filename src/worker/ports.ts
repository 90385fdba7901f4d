/** What the worker works with: everything that it does not make itself. */
import type { Config } from "../config/keys.ts";
import type { SchemaTable } from "../events/schema-table.ts";
import type { Log } from "../log.ts";
import type { Store } from "../state/store.ts";
import type { Transport } from "../transport/transport.ts";
import type { Now } from "./clock.ts";

export interface Ports {
  readonly config: Config;
  readonly store: Store;
  readonly transport: Transport;
  readonly schemas: SchemaTable;
  readonly log: Log;
  readonly now: Now;
}

/** The state's lock falls even when the transport cannot be closed. */
export async function closePorts({ transport, store }: Ports): Promise<void> {
  try {
    await transport.close();
  } finally {
    await store.close();
  }
}
