/**
 * Deltas and rejects → the output records of a step, in order, each with its place `cor: engine.epoch.step.seq` and its
 * partition. Sizes are checked here, before the step is committed (C12).
 */
import type { Config } from "../config/keys.ts";
import { AppError, unreachable } from "../errors.ts";
import type { Delta } from "../events/delta.ts";
import { encodeDelta, type OutputFormat, OutputStep } from "../events/encode.ts";
import type { SchemaTable } from "../events/schema-table.ts";
import type { PackableRecord } from "../transport/frames.ts";
import { shardOf } from "../transport/partitioner.ts";
import type { InputRecord, Positions, Transport } from "../transport/transport.ts";
import { MINUTE_MS } from "./clock.ts";
import type { Reject } from "./intake.ts";
import { recordBytes, recordBytesBound } from "./outbox.ts";
import { positionsToJson } from "./positions.ts";
import { rejectRecord } from "./rejects.ts";

/** More than a transport needs around key, value and headers. */
const FRAME_BYTES = 512;

export interface StepOutput {
  readonly epoch: number;
  readonly step: number;
  readonly clockMinute: number;
  readonly positions: Positions;
  readonly inputs: readonly InputRecord[];
  readonly deltas: readonly Delta[];
  readonly rejects: readonly Reject[];
}

export class Publisher {
  readonly #config: Config;
  readonly #transport: Transport;
  readonly #format: OutputFormat;
  #last = { entitlement: "", shard: shardOf("") };

  constructor(config: Config, transport: Transport, schemas: SchemaTable) {
    this.#config = config;
    this.#transport = transport;
    this.#format = config.format === "json" ? "json" : schemas;
  }

  /**
   * One a delta, then one a reject. Each is to be packed before the next is taken: texts that wait cost more than what
   * they save. Throws AppError("transport") for a delta that the topic would refuse.
   */
  *records(output: StepOutput): Generator<PackableRecord> {
    const { epoch, step, deltas, rejects } = output;
    const place = `${this.#config.engine}.${epoch}.${step}`;
    const common = new OutputStep(positionsToJson(output.positions), timeOf(output));
    for (const [seq, delta] of deltas.entries()) {
      const topic = outputTopic(this.#config, delta.type);
      const partition = this.#shard(delta.entitlement) % this.#transport.outputPartitions(topic);
      const record = { topic, partition, ...encodeDelta(delta, common, `${place}.${seq}`, this.#format) };
      this.#checkSize(record);
      yield record;
    }
    const topic = topicName(this.#config, "rejects");
    const partitions = this.#transport.outputPartitions(topic);
    for (const [i, reject] of rejects.entries()) {
      const cor = `${place}.${deltas.length + i}`;
      const record = rejectRecord(reject, this.#config.engine, cor, this.#sizeMax());
      yield { topic, partition: reject.record.partition % partitions, ...record };
    }
  }

  /** The ripple tells entitlement by entitlement. */
  #shard(entitlement: string): number {
    if (entitlement !== this.#last.entitlement) this.#last = { entitlement, shard: shardOf(entitlement) };
    return this.#last.shard;
  }

  #checkSize(record: PackableRecord): void {
    if (recordBytesBound(record) <= this.#sizeMax()) return;
    const size = recordBytes(record);
    if (size <= this.#sizeMax()) return;
    throw new AppError(
      "transport",
      `a record for ${record.topic} has ${size} bytes; the topic takes at most ${this.#sizeMax()}. Nothing of its step was committed`,
      "raise `max.message.bytes` of the topic (and the broker's limit), then start again",
    );
  }

  #sizeMax(): number {
    return this.#transport.limits.recordBytesMax - FRAME_BYTES;
  }
}

/** Name of a topic with the configured prefix. */
export function topicName(config: Config, topic: "predictions" | "recommendations" | "flags" | "rejects"): string {
  return config.topics.prefix + config.topics[topic];
}

function outputTopic(config: Config, type: Delta["type"]): string {
  switch (type) {
    case "prediction.upserted":
    case "prediction.removed":
      return topicName(config, "predictions");
    case "recommendation.upserted":
    case "recommendation.removed":
      return topicName(config, "recommendations");
    case "flag.upserted":
    case "flag.removed":
      return topicName(config, "flags");
    default:
      return unreachable(type);
  }
}

/** The step's own time: that of its youngest record, within the minute of the clock. */
function timeOf(output: StepOutput): number {
  const minuteMs = output.clockMinute * MINUTE_MS;
  let atMs = minuteMs;
  for (const { timestampMs } of output.inputs) atMs = Math.max(atMs, timestampMs);
  return Math.min(atMs, minuteMs + MINUTE_MS - 1);
}
