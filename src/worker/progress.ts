/**
 * The progress record: written in the same transaction as a step's output, and the authority on what was published.
 * Steps count up without gaps and for ever, so a step number stands for one record only.
 */
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Positions } from "../transport/transport.ts";
import { MINUTE_MS } from "./clock.ts";
import { positionsFromJson, positionsToJson } from "./positions.ts";

export interface Progress {
  readonly engine: string;
  readonly epoch: number;
  readonly step: number;
  readonly clockMinute: number;
  readonly positions: Positions;
  /** Number of output records of the step, and the digest of its outbox. */
  readonly records: number;
  readonly digest: string;
  /** Entitlements that still differed from the target view after the step. */
  readonly pending: number;
  readonly configDigest: string;
}

const whole = z.int().min(0);
const schema = z.object({
  engine: z.string(),
  epoch: whole,
  step: whole,
  clockAt: z.iso.datetime(),
  positions: z.record(z.string(), z.array(whole)),
  records: whole,
  digest: z.string(),
  pending: whole,
  configDigest: z.string(),
});

export function encodeProgress(progress: Progress): Uint8Array {
  const { clockMinute, positions, ...rest } = progress;
  const clockAt = new Date(clockMinute * MINUTE_MS).toISOString();
  return Buffer.from(JSON.stringify({ ...rest, clockAt, positions: positionsToJson(positions) }));
}

/** Throws AppError("state") for bytes that are no progress record. */
export function decodeProgress(bytes: Uint8Array): Progress {
  const { clockAt, positions, ...rest } = parse(bytes);
  return { ...rest, clockMinute: Date.parse(clockAt) / MINUTE_MS, positions: positionsFromJson(positions) };
}

function parse(bytes: Uint8Array): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString()));
  } catch (error) {
    throw new AppError(
      "state",
      "the last record of the progress topic is not a progress record of this version",
      "check that `topics.progress` names a topic that only this engine writes",
      error,
    );
  }
}
