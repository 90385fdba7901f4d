/** A record that was not taken, as it goes to the rejects topic: byte for byte, with the reason in its headers. */
import type { Headers, InputRecord } from "../transport/transport.ts";
import type { RejectReason } from "./event.ts";

/** Of the headers that are ours. */
export const ERROR_HEADER_PREFIX = "__connect.errors.";
/** Full length of a value that had to be cut. */
export const CUT_HEADER = "corollary.value.bytes";
const MESSAGE_CHARACTERS_MAX = 1000;

export interface RejectedRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

/**
 * Adds the headers that Kafka Connect gives a record in its dead letter queue, which tools already read. `engine` stands
 * for the connector; `cor` is engine.epoch.step.seq. A record that was rejected before keeps only the newer reason.
 */
export function encodeReject(record: InputRecord, reason: RejectReason, engine: string, cor: string): RejectedRecord {
  return {
    key: record.key,
    value: record.value,
    headers: {
      ...record.headers,
      [`${ERROR_HEADER_PREFIX}topic`]: record.topic,
      [`${ERROR_HEADER_PREFIX}partition`]: String(record.partition),
      [`${ERROR_HEADER_PREFIX}offset`]: String(record.offset),
      [`${ERROR_HEADER_PREFIX}connector.name`]: engine,
      [`${ERROR_HEADER_PREFIX}task.id`]: "0",
      [`${ERROR_HEADER_PREFIX}stage`]: "VALUE_CONVERTER",
      [`${ERROR_HEADER_PREFIX}class.name`]: "corollary",
      [`${ERROR_HEADER_PREFIX}exception.class.name`]: "RejectReason",
      [`${ERROR_HEADER_PREFIX}exception.message`]: rejectMessage(reason).slice(0, MESSAGE_CHARACTERS_MAX),
      cor,
    },
  };
}

/** "attributes.CITY: expected null, a number, …, got an object" */
export function rejectMessage(reason: RejectReason): string {
  return `${reason.field === "" ? "record" : reason.field}: expected ${reason.expectation}`;
}
