/**
 * Overrides and patches of an npm package do not apply when it is someone's dependency, or with --ignore-scripts. Then
 * kafkajs 2.2.4 would show aborted records and stall on compacted topics: so we look before we start.
 */
import { createRequire } from "node:module";
import { AppError } from "../../errors.ts";

const HINT = "Run `node scripts/apply-patches.mjs` in the folder of corollary, or install it with scripts enabled.";

/** Tries each patched behaviour. Throws AppError("transport") naming the first that is missing. `from`: a file to resolve kafkajs from. */
export function assertKafkajsPatched(from: string = import.meta.url): void {
  const require = createRequire(from);
  const load = (path: string): unknown => {
    try {
      return require(`kafkajs/src/${path}`);
    } catch (error) {
      throw new AppError("transport", `kafkajs 2.2.4 is not installed: ${path} is missing`, HINT, error);
    }
  };
  const checks: readonly (readonly [lacking: string, passes: () => boolean])[] = [
    ["records of aborted transactions", () => hidesAborted(load("consumer/filterAbortedMessages") as Filter)],
    ["batches emptied by compaction", () => passesEmptied(load("consumer/batch") as BatchClass)],
    ["timers of a throttled queue", () => idlesQuietly(load("network/requestQueue") as QueueClass)],
  ];
  for (const [subject, passes] of checks) {
    if (!passes()) throw new AppError("transport", `kafkajs is not patched (${subject})`, HINT);
  }
}

type Filter = (input: { messages: object[]; abortedTransactions: object[] }) => object[];
type BatchClass = new (
  topic: string,
  offset: string,
  data: object,
) => { lastOffset(): string; isEmptyDueToFiltering(): boolean };
type QueueClass = new (
  options: object,
) => { scheduleCheckPendingRequests(): void; throttleCheckTimeoutId: unknown; destroy(): void };

/** Two aborted transactions, listed out of order, both begun before the first message; a data key like an abort marker's. */
function hidesAborted(filter: Filter): boolean {
  const message = (producerId: string, offset: string, key: Buffer, isControlRecord: boolean) => ({
    offset,
    key,
    isControlRecord,
    batchContext: { producerId, inTransaction: true },
  });
  const marker = Buffer.from([0, 0, 0, 0]);
  const messages = [
    message("2", "5", marker, false),
    message("2", "6", Buffer.from("a"), false),
    message("1", "7", Buffer.from("b"), false),
    message("2", "8", marker, true),
    message("1", "9", marker, true),
  ];
  const abortedTransactions = [
    { producerId: "2", firstOffset: "4" },
    { producerId: "1", firstOffset: "3" },
  ];
  return filter({ messages, abortedTransactions }).length === 2;
}

function passesEmptied(Batch: BatchClass): boolean {
  const messages = Object.assign([], { lastBatchOffset: "8" });
  const batch = new Batch("topic", "5", { partition: 0, highWatermark: "20", messages, abortedTransactions: [] });
  return batch.isEmptyDueToFiltering() && batch.lastOffset() === "8";
}

function idlesQuietly(RequestQueue: QueueClass): boolean {
  const queue = new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 1_000, logger: { debug() {} } });
  queue.scheduleCheckPendingRequests();
  const quiet = queue.throttleCheckTimeoutId == null;
  queue.destroy();
  return quiet;
}
