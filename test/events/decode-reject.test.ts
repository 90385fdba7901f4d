import { expect, test } from "vitest";
import { decodeReject } from "../../src/events/decode-reject.ts";
import { CUT_HEADER, encodeReject } from "../../src/events/encode-reject.ts";
import type { InputRecord } from "../../src/transport/transport.ts";

const record: InputRecord = {
  topic: "hr.identities",
  partition: 3,
  offset: 812,
  timestampMs: 5,
  key: Buffer.from("karen.11"),
  value: Buffer.from([0, 255, 10]),
  headers: { ce_id: "7", raw: Buffer.from([1, 2]) },
};
const reason = { field: "type", expectation: "the type of an event" };

/** As it stands in the rejects topic. */
function published(headers: InputRecord["headers"] = {}): InputRecord {
  const { key, value, headers: own } = encodeReject(record, reason, "engine", "engine.1.2.3");
  return { topic: "rejects", partition: 0, offset: 4, timestampMs: 99, key, value, headers: { ...own, ...headers } };
}

test("a reject reads back as the record that it was, with place, time and reason", () => {
  expect(decodeReject(published())).toEqual({
    topic: "hr.identities",
    partition: 3,
    offset: 812,
    rejectedAtMs: 99,
    reason: "type: expected the type of an event",
    key: record.key,
    value: record.value,
    headers: record.headers,
    wholeBytes: null,
  });
});

test("a value that had to be cut says so", () => {
  const { wholeBytes, headers } = decodeReject(published({ [CUT_HEADER]: "2000000" }));
  expect(wholeBytes).toBe(2_000_000);
  expect(headers).toEqual(record.headers);
});

test("what is no reject is refused, with its place", () => {
  const { headers, ...rest } = published();
  const { "__connect.errors.offset": _, ...others } = headers;
  expect(() => decodeReject({ ...rest, headers: others })).toThrow(/offset 4 of rejects, partition 0, is no reject/);
});
