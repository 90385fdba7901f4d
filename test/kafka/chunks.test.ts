import { expect, test } from "vitest";
import { chunked, encodedBytes } from "../../src/transport/kafka/chunks.ts";
import type { OutputRecord } from "../../src/transport/transport.ts";

const last = { topic: "progress", messages: [{ key: "e", value: "p", partition: 0 }] };
const record = (n: number, bytes: number, partition = 0): OutputRecord => ({
  topic: "out",
  partition,
  key: Buffer.from(`key ${n}`),
  value: Buffer.alloc(bytes, 65),
  headers: { cor: `e.1.1.${n}` },
});
const split = (records: readonly OutputRecord[]) => chunked(records, 900_000, last);
const keysOf = (requests: ReturnType<typeof split>): string[] =>
  requests.flat().flatMap(({ topic, messages }) => (topic === "out" ? messages.map(({ key }) => String(key)) : []));

test("nothing but the progress record is one request", () => {
  expect(split([])).toEqual([[last]]);
});

test("a partition's batch stays under a mebibyte, in order, the progress record last", () => {
  const records = Array.from({ length: 30 }, (_, n) => record(n, 200_000));
  const requests = split(records);
  expect(requests).toHaveLength(8);
  for (const request of requests) {
    const bytes = request
      .flatMap(({ messages }) => messages)
      .reduce((sum, { value }) => sum + Number(value?.length), 0);
    expect(bytes).toBeLessThan(1_000_000);
  }
  expect(keysOf(requests)).toEqual(records.map(({ key }) => String(key)));
  expect(requests.map((request) => request.includes(last))).toEqual([...Array(7).fill(false), true]);
});

test("partitions share a request", () => {
  expect(split(Array.from({ length: 8 }, (_, n) => record(n, 800_000, n)))).toHaveLength(1);
  expect(split(Array.from({ length: 16 }, (_, n) => record(n, 800_000, n)))).toHaveLength(2);
});

test("a record is never taken for smaller than it is", () => {
  const headers = { é: "ü", raw: Uint8Array.of(1, 2) };
  expect(encodedBytes({ ...record(1, 0), key: Buffer.from("k"), value: null, headers }, 100)).toBeGreaterThanOrEqual(
    1 + 2 + 2 + 3 + 2 + 12,
  );
});

test("a record over the limit is refused, whatever makes it large", () => {
  expect(() => chunked([record(1, 10), record(2, 2_000)], 1_000)).toThrow(/allowed are 1000/);
  expect(() => chunked([{ ...record(1, 0), headers: { cor: "x".repeat(2_000) } }], 1_000)).toThrow(/allowed are 1000/);
});
