/**
 * Publishing a fixed step until its outcome is certain.
 *  1. What is sent is the outbox of the commit, verbatim, however often it is sent.
 *  2. After anything but `committed`: fence first, then read progress, then decide. Reading without fencing proves
 *     nothing, because an earlier send may still be under way.
 *  3. Nothing is begun after the signal: what is not certain by then is for the next start to find out.
 *  4. A rival is never argued with: this process stops and writes nothing more.
 */
import { setTimeout as pause } from "node:timers/promises";
import { AppError, unreachable } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Outbox } from "../state/store.ts";
import type { Transport } from "../transport/transport.ts";
import { checkSignal, NO_SIGNAL } from "./grace.ts";
import { OutboxBatch, outboxDigest } from "./outbox.ts";
import { decodeProgress } from "./progress.ts";

const ATTEMPTS_MAX = 12;
const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 5_000;

/** After a crash: what was stored may be damaged. Otherwise like `publishFixed`. */
export async function publishOutbox(
  transport: Transport,
  outbox: Outbox,
  log: Log,
  signal: AbortSignal = NO_SIGNAL,
): Promise<void> {
  checkIntact(outbox);
  await publishFixed(transport, outbox, log, signal);
}

/**
 * Resolves when the step is published, once. Rejects with AppError("fenced") when a rival took over, and with
 * AppError("transport") when the outcome stays unknown, or with an AbortError at the signal: the next start finds out.
 */
export async function publishFixed(
  transport: Transport,
  outbox: Outbox,
  log: Log,
  signal: AbortSignal = NO_SIGNAL,
): Promise<void> {
  const batch = new OutboxBatch(outbox);
  let published = await send(transport, () => transport.publish(batch));
  for (let attempt = 2; !published; attempt++) {
    if (attempt > ATTEMPTS_MAX) {
      throw new AppError(
        "transport",
        `step ${outbox.step} could not be published in ${ATTEMPTS_MAX} attempts`,
        "check the broker, then start again: the step is kept and goes out first",
      );
    }
    checkSignal(signal);
    log.warn({ step: outbox.step, attempt }, "publishing again: the last attempt did not commit, or nobody knows");
    if (attempt > 2) await pause(Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** (attempt - 3)), undefined, { signal });
    published = await isPublished(transport, outbox);
    checkSignal(signal);
    published ||= await send(transport, () => transport.publish(batch));
  }
}

/** Makes this process the only one that can publish. */
export async function takeOver(transport: Transport): Promise<void> {
  if ((await transport.fence()) === "fenced") throw fenced();
}

async function send(transport: Transport, publish: () => ReturnType<Transport["publish"]>): Promise<boolean> {
  const outcome = await publish();
  switch (outcome) {
    case "committed":
      return true;
    case "aborted":
    case "unknown":
      return false;
    case "fenced":
      await transport.close();
      throw fenced();
    default:
      return unreachable(outcome);
  }
}

async function isPublished(transport: Transport, outbox: Outbox): Promise<boolean> {
  await takeOver(transport);
  const bytes = await transport.readProgress();
  if (bytes !== null && Buffer.compare(bytes, outbox.progress) === 0) return true;
  const last = bytes === null ? 0 : decodeProgress(bytes).step;
  if (last === outbox.step - 1) return false;
  throw fenced();
}

function checkIntact(outbox: Outbox): void {
  if (decodeProgress(outbox.progress).digest === outboxDigest(outbox.chunks)) return;
  throw new AppError("state", `the stored output of step ${outbox.step} is damaged`, "restore the last backup");
}

function fenced(): AppError {
  return new AppError(
    "fenced",
    "another worker with this engine name took over; this one has stopped and wrote nothing more",
    "run one worker an engine; a second one needs another `engine` name and its own topics",
  );
}
