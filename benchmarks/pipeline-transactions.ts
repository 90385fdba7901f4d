/**
 * The transactions of a worker, read back from its topics in the order in which it made them. The progress record of each
 * says how many records belong to it, and what their digest is: so they are what was written, byte for byte.
 */
import type { Kafka } from "kafkajs";
import { packPieces } from "../src/transport/frames.ts";
import { readRange } from "../src/transport/kafka/read-range.ts";
import type { OutputRecord, Positions } from "../src/transport/transport.ts";
import { outboxDigest, recordBytes } from "../src/worker/outbox.ts";
import { decodeProgress, type Progress } from "../src/worker/progress.ts";
import { endsOf } from "./pipeline-tail.ts";

export interface WorkerTransaction {
  readonly step: number;
  readonly records: readonly OutputRecord[];
  readonly progress: Uint8Array;
  readonly positions: Positions;
}

export interface TransactionTopics {
  /** Of the worker. */
  readonly outputs: readonly string[];
  readonly progress: string;
  /** Name of the topic that stands for it, the worker's own or a copy. */
  readonly nameOf: (topic: string) => string;
}

const RANGE = { groupPrefix: "bench", unreachableMs: 60_000, openTransactionMs: 60_000 };

/** Those whose records lie behind `from` in all topics. Throws where a digest does not fit. */
export async function readTransactions(
  kafka: Kafka,
  topics: TransactionTopics,
  from: Positions,
  steps: { readonly first: number; readonly last: number },
): Promise<WorkerTransaction[]> {
  const bySeq = new Map<number, OutputRecord[]>();
  for (const topic of topics.outputs) {
    for await (const record of committed(kafka, topics.nameOf(topic), from)) {
      const headers = Object.fromEntries(
        Object.entries(record.headers).map(([name, value]) => [name, Buffer.from(value).toString()]),
      );
      const [step, seq] = (headers["cor"] ?? "").split(".").slice(-2).map(Number) as [number, number];
      const records = bySeq.get(step) ?? [];
      const { partition, key, value } = record;
      records[seq] = { topic, partition, key, value, headers };
      bySeq.set(step, records);
    }
  }
  const transactions: WorkerTransaction[] = [];
  for await (const { value } of committed(kafka, topics.nameOf(topics.progress), from)) {
    if (value === null) continue;
    const progress = decodeProgress(value);
    const { step, positions } = progress;
    if (step < steps.first || step > steps.last) continue;
    const records = bySeq.get(step) ?? [];
    check(progress, records);
    transactions.push({ step, records, progress: value, positions });
  }
  const expected = steps.last - steps.first + 1;
  if (transactions.length !== expected) throw new Error(`${transactions.length} transactions, expected ${expected}`);
  return transactions;
}

export function bytesOf(transactions: readonly WorkerTransaction[]): number {
  let bytes = 0;
  for (const { records, progress } of transactions) {
    bytes += progress.length;
    for (const record of records) bytes += recordBytes(record);
  }
  return bytes;
}

async function* committed(kafka: Kafka, topic: string, from: Positions) {
  const starts = from.get(topic);
  const ends = (await endsOf(kafka, [topic])).get(topic) ?? new Map<number, number>();
  const ranges = [...ends].map(([partition, to]) => ({ partition, from: starts?.get(partition) ?? 0, to }));
  yield* readRange(kafka, topic, ranges, RANGE);
}

function check(progress: Progress, records: readonly OutputRecord[]): void {
  const isWhole = records.length === progress.records && outboxDigest(packPieces(records)) === progress.digest;
  if (!isWhole) throw new Error(`step ${progress.step} has ${records.length} records of another digest in the topics`);
}
