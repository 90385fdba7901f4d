/**
 * Records that were not taken (C14). A reject is output like any other: it goes into the outbox of the step that read
 * the record, so it is published exactly once.
 */
import type { Config } from "../config/keys.ts";
import { AppError } from "../errors.ts";
import { CUT_HEADER, encodeReject, type RejectedRecord, rejectMessage } from "../events/encode-reject.ts";
import type { Reject } from "./intake.ts";
import { recordBytes } from "./outbox.ts";

/**
 * The record byte for byte. One that does not fit beside the headers that tell its reason is cut, with its full length
 * in a header: a poison record must not stop the stream, and the whole of it is still in the input topic.
 */
export function rejectRecord(reject: Reject, engine: string, cor: string, recordBytesMax: number): RejectedRecord {
  const whole = encodeReject(reject.record, reject.reason, engine, cor);
  const size = recordBytes({ topic: "", partition: 0, ...whole });
  if (size <= recordBytesMax) return whole;
  const own = encodeReject({ ...reject.record, headers: {} }, reject.reason, engine, cor);
  const bytes = whole.value?.length ?? 0;
  const cut = { key: null, value: null, headers: { ...own.headers, [CUT_HEADER]: String(bytes) } };
  const room = Math.max(0, recordBytesMax - recordBytes({ topic: "", partition: 0, ...cut }));
  return { ...cut, value: whole.value?.subarray(0, room) ?? null };
}

/** Stops a worker that rejects nearly everything: wrong topic, wrong format, broken producer. */
export class RejectRate {
  readonly #max: number;
  #minute = -1;
  #count = 0;

  constructor(config: Config) {
    this.#max = config.rejectsPerMinuteMax;
  }

  /** Throws AppError("input") when this minute's rejects exceed `rejectsPerMinuteMax`. */
  count(rejects: readonly Reject[], minute: number): void {
    if (minute !== this.#minute) this.#count = 0;
    this.#minute = minute;
    this.#count += rejects.length;
    const last = rejects.at(-1);
    if (this.#count <= this.#max || last === undefined) return;
    const { topic, partition, offset } = last.record;
    throw new AppError(
      "input",
      `${this.#count} records rejected within a minute, more than rejectsPerMinuteMax (${this.#max}); the last is offset ${offset} of ${topic}, partition ${partition}: ${rejectMessage(last.reason)}`,
      "mend the producer, or raise rejectsPerMinuteMax to let such records through as rejects; nothing of this step was committed",
    );
  }
}
