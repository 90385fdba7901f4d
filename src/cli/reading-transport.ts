/** The topics, for commands that only read. A worker may be running beside them: nothing is fenced. */
import type { Transport } from "../transport/transport.ts";
import { systemNow } from "../worker/clock.ts";
import { makeTransport } from "../worker/open-transport.ts";
import type { Session } from "./session.ts";

/** Rejects with AppError("transport") where the topics cannot be read. */
export async function withTopics<T>({ config, log }: Session, read: (transport: Transport) => Promise<T>): Promise<T> {
  const transport = await makeTransport(config, log, systemNow, { readOnly: true });
  try {
    await transport.open();
    return await read(transport);
  } finally {
    await transport.close();
  }
}
