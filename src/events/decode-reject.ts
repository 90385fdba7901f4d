/** A record of the rejects topic, read back: the record that was not taken as it was, and why it was not. */
import { AppError } from "../errors.ts";
import type { Headers, InputRecord } from "../transport/transport.ts";
import { CUT_HEADER, ERROR_HEADER_PREFIX } from "./encode-reject.ts";

export interface DecodedReject {
  /** Where the record stood. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When it was rejected, ms since 1970. */
  readonly rejectedAtMs: number;
  readonly reason: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** The record's own, without those that the rejection added. */
  readonly headers: Headers;
  /** Length of the whole value, where `value` had to be cut; the whole of it is only in the input topic. */
  readonly wholeBytes: number | null;
}

/** Throws AppError("state") for a record that is no reject of ours. */
export function decodeReject(record: InputRecord): DecodedReject {
  const own = (name: string): string => textOf(record, `${ERROR_HEADER_PREFIX}${name}`) ?? refuse(record, name);
  const wholeBytes = textOf(record, CUT_HEADER);
  return {
    topic: own("topic"),
    partition: Number(own("partition")),
    offset: Number(own("offset")),
    rejectedAtMs: record.timestampMs,
    reason: own("exception.message"),
    key: record.key,
    value: record.value,
    headers: Object.fromEntries(Object.entries(record.headers).filter(([name]) => !isAdded(name))),
    wholeBytes: wholeBytes === null ? null : Number(wholeBytes),
  };
}

function isAdded(name: string): boolean {
  return name.startsWith(ERROR_HEADER_PREFIX) || name === "cor" || name === CUT_HEADER;
}

function textOf({ headers }: InputRecord, name: string): string | null {
  const value = headers[name];
  return value === undefined ? null : Buffer.from(value).toString();
}

function refuse({ topic, partition, offset }: InputRecord, name: string): never {
  throw new AppError(
    "state",
    `offset ${offset} of ${topic}, partition ${partition}, is no reject: it has no header ${ERROR_HEADER_PREFIX}${name}`,
    "Give the engine a rejects topic of its own; check who else writes to it.",
  );
}
