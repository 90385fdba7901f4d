import { describe, expect, it } from "vitest";
import { ReadAhead } from "../../src/transport/kafka/read-ahead.ts";
import type { InputRecord } from "../../src/transport/transport.ts";

function record(topic: string, partition: number, offset: number, bytes = 10): InputRecord {
  return { topic, partition, offset, timestampMs: 0, key: null, value: Buffer.alloc(bytes), headers: {} };
}

const names = (records: readonly InputRecord[]): string[] =>
  records.map(({ topic, partition, offset }) => `${topic}${partition}:${offset}`);

describe("records read ahead", () => {
  it("are given away in fair rounds over the partitions, and in their order within each", () => {
    const ahead = new ReadAhead();
    for (let offset = 0; offset < 5; offset++) ahead.push(record("people", 0, offset));
    ahead.push(record("people", 1, 7));
    ahead.push(record("grants", 0, 9));
    expect(names(ahead.take(4, Infinity))).toEqual(["people0:0", "people1:7", "grants0:9", "people0:1"]);
    ahead.push(record("grants", 0, 10));
    expect(names(ahead.take(3, Infinity))).toEqual(["people0:2", "grants0:10", "people0:3"]);
    expect(names(ahead.take(3, Infinity))).toEqual(["people0:4"]);
    expect(ahead.isEmpty).toBe(true);
    expect(ahead.bytes).toBe(0);
  });

  it("come one by one when the bytes allow no more, and are never passed over", () => {
    const ahead = new ReadAhead();
    ahead.push(record("people", 0, 0, 1_000));
    ahead.push(record("grants", 0, 0, 1_000));
    expect(names(ahead.take(10, 500))).toEqual(["people0:0"]);
    expect(ahead.bytes).toBe(1_100);
    expect(names(ahead.take(10, 500))).toEqual(["grants0:0"]);
    expect(ahead.take(10, 500)).toEqual([]);
  });

  it("stay whole however long a backlog never runs empty", () => {
    const ahead = new ReadAhead();
    const given: number[] = [];
    for (let offset = 0; offset < 10_000; offset++) {
      ahead.push(record("people", 0, offset));
      if (offset % 5 === 4) given.push(...ahead.take(4, Infinity).map((taken) => taken.offset));
    }
    given.push(...ahead.take(Infinity, Infinity).map((taken) => taken.offset));
    expect(given).toEqual(Array.from({ length: 10_000 }, (_, offset) => offset));
  });
});
