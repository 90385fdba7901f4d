/**
 * What the worker's thread asks of the one that holds the Kafka client. Many records go over as packed bytes: to copy
 * them one by one would cost more than what the thread saves.
 */
import type { Failure } from "../../errors.ts";
import { packRecords, unpackRecords } from "../frames.ts";
import type { AppendRecord, InputRecord, Positions, PublishOutcome, TransportLimits, Watermark } from "../transport.ts";
import { buffer } from "./chunks.ts";
import type { KafkaTransportOptions } from "./kafka-transport.ts";

/** A thread has a log of its own, to the same standard error. */
export type ThreadOptions = Omit<KafkaTransportOptions, "log"> & { readonly logLevel: string };

/** The calls of a transport, where they differ with their answers packed, and what is told at once told with an answer. */
export interface Calls {
  open(): { readonly limits: TransportLimits; readonly outputPartitions: ReadonlyMap<string, number> };
  inputWatermarks(): readonly Watermark[];
  fence(): "owner" | "fenced";
  readProgress(): Uint8Array | null;
  seek(positions: Positions): Positions;
  poll(recordsMax: number, bytesMax: number, waitMs: number): { records: PackedInputs; positions: Positions };
  publish(packed: readonly Uint8Array[], progress: Uint8Array, positions: Positions): PublishOutcome;
  append(source: string, records: readonly AppendRecord[]): void;
  /** One output is read at a time. */
  beginOutput(topic: string): void;
  /** null: that was all. */
  nextOutput(): PackedInputs | null;
  endOutput(): void;
  close(): void;
}

export type Method = keyof Calls;

export interface Request {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure };

export interface PackedInputs {
  readonly records: Uint8Array;
  readonly offsets: Float64Array;
  readonly timestampsMs: Float64Array;
}

export function packInputs(records: readonly InputRecord[]): PackedInputs {
  return {
    records: packRecords(records),
    offsets: Float64Array.from(records, ({ offset }) => offset),
    timestampsMs: Float64Array.from(records, ({ timestampMs }) => timestampMs),
  };
}

export function unpackInputs({ records, offsets, timestampsMs }: PackedInputs): InputRecord[] {
  return unpackRecords(buffer(records)).map((record, i) => ({
    ...record,
    offset: offsets[i] ?? 0,
    timestampMs: timestampsMs[i] ?? 0,
  }));
}
