/**
 * When a record counts as written. Whether an `at` lies in the future is judged by it and by nothing else, neither the
 * clock of the worker nor the order of partitions, so that a replay of the inputs judges alike.
 */
import type { InputRecord } from "../transport/transport.ts";

/** Time of the last `clock.ticked` before this record in its file (ms since 1970): lets a file replay move time. */
export const CLOCK_HEADER = "cor-clock";

/** ms since 1970. */
export function recordTime({ timestampMs, headers }: InputRecord): number {
  const header = headers[CLOCK_HEADER];
  if (header === undefined) return timestampMs;
  const tickedMs = Number(Buffer.from(header).toString());
  return Number.isSafeInteger(tickedMs) ? Math.max(timestampMs, tickedMs) : timestampMs;
}
