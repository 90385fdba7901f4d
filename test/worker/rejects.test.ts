import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import type { InputRecord } from "../../src/transport/transport.ts";
import type { Reject } from "../../src/worker/intake.ts";
import { recordBytes } from "../../src/worker/outbox.ts";
import { RejectRate, rejectRecord } from "../../src/worker/rejects.ts";

function reject(value: Uint8Array, offset = 7): Reject {
  const record: InputRecord = {
    topic: "iga.assignments",
    partition: 2,
    offset,
    timestampMs: 0,
    key: Buffer.from("key"),
    value,
    headers: { own: Uint8Array.of(1, 2) },
  };
  return { record, reason: { field: "user", expectation: "a text" } };
}

describe("rejects", () => {
  it("keep the record byte for byte (C14)", () => {
    const poison = Uint8Array.from({ length: 256 }, (_, i) => i);
    const record = rejectRecord(reject(poison), "e", "e.1.2.3", 10_000);
    expect(record.value).toEqual(poison);
    expect(record.key).toEqual(Buffer.from("key"));
    expect(record.headers["own"]).toEqual(Uint8Array.of(1, 2));
    expect(record.headers["cor"]).toBe("e.1.2.3");
    expect(record.headers["__connect.errors.offset"]).toBe("7");
  });

  it("are cut to what the topic takes, and say so (C12)", () => {
    const record = rejectRecord(reject(Buffer.alloc(5_000, "x")), "e", "e.1.2.3", 4_096);
    expect(recordBytes({ topic: "t", partition: 0, ...record })).toBe(4_096);
    expect(record.headers["corollary.value.bytes"]).toBe("5000");
    expect(record.headers["__connect.errors.exception.message"]).toBe("user: expected a text");
  });

  it("stop the worker when they are too many a minute", () => {
    const rate = new RejectRate(loadConfig({ sets: ["rejectsPerMinuteMax=3"] }));
    const two = [reject(Buffer.from("{")), reject(Buffer.from("["), 8)];
    rate.count(two, 100);
    expect(() => rate.count(two, 101)).not.toThrow();
    expect(() => rate.count(two, 101)).toThrow(
      "4 records rejected within a minute, more than rejectsPerMinuteMax (3); the last is offset 8 of iga.assignments, partition 2: user: expected a text",
    );
  });
});
