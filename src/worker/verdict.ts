/**
 * What a start finds, told from two facts alone: the head of the state, and the last progress record. Pure.
 *
 * It rests on two properties: a step is published before the next one is committed, and every owner continues from the
 * last published step. So step numbers in the progress topic count up by one, each stands for one record only, and a
 * state is at most one step ahead of it.
 */
import { AppError } from "../errors.ts";
import type { StoredHead } from "../state/store.ts";
import type { Positions, Watermark } from "../transport/transport.ts";
import { positionOf } from "./positions.ts";
import type { Progress } from "./progress.ts";

export type Verdict =
  | "fresh" // nothing was ever published
  | "current" // the last step is published, and the state says so (C0, C1)
  | "unpublished" // the last step's outbox is to be sent (C2, C3, C4)
  | "published" // the last step went out; the state does not say so yet (C5)
  | "restore"; // the topics know more than the state (C6, C7), or something else (C9)

/** Throws AppError("state") when the state and the topics cannot belong together (C11). */
export function judge(head: StoredHead | null, progress: Progress | null, progressBytes: Uint8Array | null): Verdict {
  const step = head?.step ?? 0;
  const outbox = head?.outbox?.step === step ? head.outbox : null;
  if (progress === null || progressBytes === null) {
    if (step === 0) return "fresh";
    if (step === 1 && outbox) return "unpublished";
    throw apart(step, 0);
  }
  if (step === progress.step + 1 && outbox) return "unpublished";
  if (step > progress.step) throw apart(step, progress.step);
  if (step < progress.step || head === null) return "restore";
  if (outbox) return Buffer.compare(outbox.progress, progressBytes) === 0 ? "published" : "restore";
  return head.epoch >= progress.epoch ? "current" : "restore";
}

function apart(step: number, published: number): AppError {
  return new AppError(
    "state",
    `the state stands at step ${step}, but the progress topic ends at step ${published}: the topic was recreated or cut, or it is another one`,
    "check `engine`, `topics.prefix` and the broker; bring the topics back, or `reset` the state and start on empty topics",
  );
}

/**
 * Where to go on reading: the stored positions, or the oldest record where there are none. Throws AppError("state")
 * when records between them and now are gone (C10), or when the topics are not those of before (C11).
 */
export function checkedPositions(stored: Positions, watermarks: readonly Watermark[]): Positions {
  const positions = new Map<string, Map<number, number>>();
  for (const { topic, partition, low, high } of watermarks) {
    const known = positionOf(stored, topic, partition);
    if (known === null && stored.has(topic)) throw recreated(topic, "has more partitions than before");
    if (known !== null && known < low) throw gone(topic, partition, known, low);
    if (known !== null && known > high)
      throw recreated(topic, `partition ${partition} ends at ${high}, before position ${known}`);
    const partitions = positions.get(topic) ?? new Map<number, number>();
    positions.set(topic, partitions.set(partition, known ?? low));
  }
  for (const [topic, partitions] of stored) {
    if ((positions.get(topic)?.size ?? 0) < partitions.size)
      throw recreated(topic, "is missing, or has fewer partitions than before");
  }
  return positions;
}

/** A state that is lost can be rebuilt only from inputs that are whole (C7). */
export function checkWhole(watermarks: readonly Watermark[]): void {
  for (const { topic, partition, low } of watermarks) if (low > 0) throw gone(topic, partition, 0, low);
}

function gone(topic: string, partition: number, from: number, to: number): AppError {
  return new AppError(
    "state",
    `the records ${from} to ${to - 1} of input topic ${topic}, partition ${partition}, are needed and no longer there`,
    "restore a backup of the state that is younger than the topic's oldest record, and give the topic a longer retention",
  );
}

function recreated(topic: string, what: string): AppError {
  return new AppError(
    "state",
    `input topic ${topic} is not the one that this state has read: ${what}`,
    "bring the topic back, or `reset` the state and load everything again",
  );
}
