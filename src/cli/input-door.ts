/**
 * How a command's records get into the input log: through a worker of its own, or, where another process holds the
 * state, through that process's inbox.
 */
import { AppError } from "../errors.ts";
import type { AppendRecord } from "../transport/transport.ts";
import { inboxFolder, leaveInInbox } from "../worker/inbox.ts";
import { openWorker } from "../worker/open-worker.ts";
import type { Worker } from "../worker/worker.ts";
import type { Session } from "./session.ts";

export interface InputDoor {
  /** null: another process holds the state, and it does the work. */
  readonly worker: Worker | null;
  /** Durable when it resolves; a source that came before adds nothing. */
  submit(source: string, records: readonly AppendRecord[]): Promise<void>;
  close(): Promise<void>;
}

export async function openInputDoor({ config, log }: Session): Promise<InputDoor> {
  try {
    const worker = await openWorker({ config, log });
    return {
      worker,
      submit: (source, records) => worker.submit(source, records),
      close: () => worker.close(),
    };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "locked") throw error;
    const inbox = inboxFolder(config.data);
    return {
      worker: null,
      submit: (source, records) => leaveInInbox(inbox, source, records, Date.now()),
      close: async () => {},
    };
  }
}
