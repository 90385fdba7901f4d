/** Native events as JSON: one object a record, in UTF-8. A byte order mark in front does no harm. */
import { isUtf8 } from "node:buffer";
import type { Decoded } from "../event.ts";
import { parseTime, TIME_EXPECTATION } from "../time.ts";
import { type Notation, nativeEvent } from "./native.ts";

const BYTE_ORDER_MARK = 0xfeff;
const EXPECTATION = "a JSON object with a type, or an Avro record";

const JSON_NOTATION: Notation = {
  nullIsAbsent: false,
  timeExpectation: TIME_EXPECTATION,
  readTime: (value) => (typeof value === "string" ? parseTime(value) : null),
};

export function decodeNativeJson(value: Buffer): Decoded {
  if (!isUtf8(value)) return reject(`${EXPECTATION}; got bytes that are not UTF-8`);
  const text = value.toString("utf8");
  let record: unknown;
  try {
    record = JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
  } catch (error) {
    return reject(`${EXPECTATION}; got broken JSON${positionOf(error)}`);
  }
  if (typeof record !== "object" || record === null || Array.isArray(record)) {
    return reject(`${EXPECTATION}; got another JSON value`);
  }
  return nativeEvent(record as Record<string, unknown>, JSON_NOTATION);
}

/** Only the place: the parser's own message quotes the record. */
function positionOf(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  const position = / at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return ` at character ${position}`;
  return message.includes("end of JSON input") ? ", cut off at its end" : "";
}

function reject(expectation: string): Decoded {
  return { reject: { field: "", expectation } };
}
