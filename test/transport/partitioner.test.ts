import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { murmur2, partitionOf, shardOf } from "../../src/transport/partitioner.ts";

const kafkajsMurmur2 = createRequire(import.meta.url)("kafkajs/src/producer/partitioners/default/murmur2.js") as (
  key: Buffer,
) => number;

describe("murmur2", () => {
  /** From Kafka's UtilsTest.testMurmur2. */
  test.each([
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ])("of %s is Kafka's", (text, expected) => {
    expect(murmur2(Buffer.from(text))).toBe(expected);
  });

  test("of any bytes is the client's", () => {
    let seed = 1;
    for (let length = 0; length < 200; length++) {
      const bytes = Buffer.from(Array.from({ length }, () => (seed = Math.imul(seed, 48271) & 0x7fffffff) >> 8));
      expect(murmur2(bytes)).toBe(kafkajsMurmur2(bytes));
    }
  });
});

test("partitions and shards are the positive hash, modulo", () => {
  const positive = 479470107;
  expect(partitionOf("abc", 12)).toBe(positive % 12);
  expect(partitionOf(Buffer.from("21"), 7)).toBe((-973932308 & 0x7fffffff) % 7);
  expect(shardOf("abc")).toBe(positive % 64);
  expect(partitionOf("é", 1000)).toBe(partitionOf(Buffer.from("é"), 1000));
  const shards = new Set(Array.from({ length: 2000 }, (_, i) => shardOf(`entitlement ${i}`)));
  expect(shards.size).toBe(64);
});
