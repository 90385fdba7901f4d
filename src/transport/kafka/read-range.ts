/** Reads a fixed range of one topic, partition by partition, and ends. */
import type { Kafka } from "kafkajs";
import { AppError } from "../../errors.ts";
import type { InputRecord } from "../transport.ts";
import { Source } from "./source.ts";

export interface OffsetRange {
  readonly partition: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

export interface RangeOptions {
  readonly groupPrefix: string;
  readonly unreachableMs: number;
  /** How long an open transaction of another producer may hide the rest of the range. */
  readonly openTransactionMs: number;
}

const QUEUE_BYTES_MAX = 16 * 2 ** 20;
const POLL_MS = 50;

/**
 * Committed records with from ≤ offset < to. It ends at `to` even where the range ends in control records, aborted
 * records or batches emptied by compaction. Throws AppError("transport").
 */
export async function* readRange(
  kafka: Kafka,
  topic: string,
  ranges: readonly OffsetRange[],
  options: RangeOptions,
): AsyncGenerator<InputRecord> {
  const wanted = ranges.filter(({ from, to }) => from < to);
  if (wanted.length === 0) return;
  const source = new Source(kafka, {
    groupPrefix: options.groupPrefix,
    positions: new Map([[topic, new Map(wanted.map(({ partition, from }) => [partition, from]))]]),
    queueBytesMax: QUEUE_BYTES_MAX,
    unreachableMs: options.unreachableMs,
    onJump: null,
  });
  try {
    for (const [index, range] of wanted.entries()) {
      source.readOnly(topic, range.partition);
      if (index === 0) await source.start();
      yield* readPartition(source, topic, range, options.openTransactionMs);
    }
  } finally {
    await source.stop();
  }
}

async function* readPartition(
  source: Source,
  topic: string,
  { partition, to }: OffsetRange,
  openTransactionMs: number,
): AsyncGenerator<InputRecord> {
  let stuckMs = 0;
  for (;;) {
    const before = source.position(topic, partition);
    const startedMs = performance.now();
    const records = await source.poll(Number.MAX_SAFE_INTEGER, QUEUE_BYTES_MAX, before >= to ? 0 : POLL_MS);
    for (const record of records) {
      if (record.partition === partition && record.offset < to) yield record;
    }
    if (records.length > 0 || source.position(topic, partition) > before) {
      stuckMs = 0;
      continue;
    }
    if (before >= to) return;
    stuckMs += Math.min(performance.now() - startedMs, POLL_MS);
    if (stuckMs > openTransactionMs) {
      throw new AppError(
        "transport",
        `Kafka: ${topic}/${partition} cannot be read beyond offset ${before}: a transaction has been open for long`,
        "Find the hanging transaction with kafka-transactions.sh and abort it.",
      );
    }
  }
}
