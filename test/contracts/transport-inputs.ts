/** The input side of the transport contract: append, poll, seek, watermarks. */
import { describe, expect, test } from "vitest";
import { AppError } from "../../src/errors.ts";
import { partitionOf } from "../../src/transport/partitioner.ts";
import type { AppendRecord, InputRecord, Positions } from "../../src/transport/transport.ts";
import {
  appendRecords,
  BYTES_MAX,
  bytes,
  content,
  expectOrder,
  NOWHERE,
  type Produced,
  polled,
  positionsAfter,
  type Suite,
  started,
  testUnless,
  text,
  WAIT_MS,
} from "./transport-fixture.ts";

export function inputContract({ fixture, exceptions }: Suite): void {
  const testForeign = testUnless(exceptions.foreignProducers);
  const testCutOff = testUnless(exceptions.cutOffs);
  const appends = (count: number, from = 0): AppendRecord[] => appendRecords(fixture().inputTopic, count, from);

  describe("inputs", () => {
    test("are spread by the partitioner and come in order, each once (1)", async () => {
      const transport = await started(fixture().transport());
      await transport.append("a", appends(100));
      const records = await polled(transport, 100);
      expect(records).toHaveLength(100);
      expectOrder(records);
      for (const { key, partition } of records) expect(partition).toBe(partitionOf(key!, 2));
      for (const partition of [0, 1]) {
        const there = records.filter((record) => record.partition === partition).map((record) => text(record.value));
        const sent = appends(100).filter((record) => partitionOf(record.key, 2) === partition);
        expect(there).toEqual(sent.map((record) => text(record.value)));
      }
      expect(await transport.poll(10, BYTES_MAX, 0)).toEqual([]);
    });

    test("come from the sought position on, in the same order (1)", async () => {
      const transport = await started(fixture().transport());
      await transport.append("a", appends(60));
      const all = await polled(transport, 60);
      const middle = positionsAfter(all.slice(0, 23));
      await transport.seek(middle);
      const rest = await polled(transport, 37);
      const where = ({ partition, offset }: InputRecord): string => `${partition}-${offset}`;
      expect(rest.map(where).sort()).toEqual(all.slice(23).map(where).sort());
      expectOrder(rest);
      await transport.seek(positionsAfter(all));
      expect(await transport.poll(10, BYTES_MAX, 0)).toEqual([]);
      await transport.seek(NOWHERE);
      expect(await polled(transport, 60)).toHaveLength(60);
    });

    test("of several topics are all read", async () => {
      const transport = await started(fixture().transport());
      const second = appends(5).map((record) => ({ ...record, topic: fixture().secondInputTopic }));
      await transport.append("a", [...appends(30), ...second]);
      const records = await polled(transport, 35);
      expectOrder(records);
      expect(records.filter(({ topic }) => topic === fixture().inputTopic)).toHaveLength(30);
      expect(records.filter(({ topic }) => topic === fixture().secondInputTopic)).toHaveLength(5);
    });

    test("keep to the limits of a poll; a single record may exceed the bytes", async () => {
      const transport = await started(fixture().transport());
      const large = appends(6).map((record) => ({ ...record, value: bytes(JSON.stringify("x".repeat(5000))) }));
      await transport.append("a", large);
      const found: InputRecord[] = [];
      const deadline = Date.now() + WAIT_MS;
      while (found.length < 6 && Date.now() < deadline) {
        const records = await transport.poll(2, 12_000, 200);
        expect(records.length).toBeLessThanOrEqual(2);
        found.push(...records);
      }
      expect(found).toHaveLength(6);
      await transport.seek(NOWHERE);
      for (let count = 0; count < 6 && Date.now() < deadline; ) {
        const records = await transport.poll(100, 1, 200);
        expect(records.length).toBeLessThanOrEqual(1);
        count += records.length;
      }
    });

    test("wake a waiting poll", async () => {
      const transport = await started(fixture().transport());
      expect(await transport.poll(10, BYTES_MAX, 20)).toEqual([]);
      const waiting = transport.poll(10, BYTES_MAX, WAIT_MS);
      const before = Date.now();
      await transport.append("a", appends(1));
      expect(await waiting).toHaveLength(1);
      expect(Date.now() - before).toBeLessThan(WAIT_MS);
    });

    test("have positions: what was given is below them, what is held back is not", async () => {
      const transport = await started(fixture().transport());
      await transport.append("a", appends(50));
      const all: InputRecord[] = [];
      const seen: { count: number; positions: Positions }[] = [];
      const deadline = Date.now() + WAIT_MS;
      while (all.length < 50 && Date.now() < deadline) {
        all.push(...(await transport.poll(7, BYTES_MAX, 200)));
        seen.push({ count: all.length, positions: transport.positions() });
      }
      expect(all).toHaveLength(50);
      for (const { count, positions } of seen) {
        const given = all.filter(({ topic, partition, offset }) => offset < positions.get(topic)!.get(partition)!);
        expect(given).toEqual(all.slice(0, count));
      }
    });

    test("have positions that reach the watermarks when all is read, and are where was sought", async () => {
      const transport = await started(fixture().transport());
      const reached = async (): Promise<boolean> => {
        const positions = transport.positions();
        const marks = await transport.inputWatermarks();
        return marks.every(({ topic, partition, high }) => (positions.get(topic)?.get(partition) ?? -1) === high);
      };
      expect(await reached()).toBe(true);
      await transport.append("a", appends(20));
      await expect.poll(reached, { timeout: WAIT_MS }).toBe(false);
      const records = await polled(transport, 20);
      const deadline = Date.now() + WAIT_MS;
      while (!(await reached()) && Date.now() < deadline) expect(await transport.poll(10, BYTES_MAX, 50)).toEqual([]);
      expect(await reached()).toBe(true);

      const end = transport.positions();
      const middle = positionsAfter(records.slice(0, 9));
      await transport.seek(middle);
      for (const [topic, partitions] of middle) {
        for (const [partition, offset] of partitions) {
          expect(transport.positions().get(topic)?.get(partition)).toBe(offset);
        }
      }
      expect(await polled(transport, 11)).toHaveLength(11);
      await transport.seek(end);
      expect(transport.positions()).toEqual(end);
      expect(await reached()).toBe(true);
    });

    test("have watermarks, for empty partitions too", async () => {
      const transport = await started(fixture().transport());
      const marks = await transport.inputWatermarks();
      expect(marks.map(({ topic, partition }) => `${topic} ${partition}`).sort()).toEqual(
        [`${fixture().inputTopic} 0`, `${fixture().inputTopic} 1`, `${fixture().secondInputTopic} 0`].sort(),
      );
      for (const { low, high } of marks) expect([low, high]).toEqual([0, 0]);
      await transport.append("a", appends(40));
      const records = await polled(transport, 40);
      const next = positionsAfter(records);
      for (const { topic, partition, low, high } of await transport.inputWatermarks()) {
        expect(low).toBe(0);
        expect(high).toBeGreaterThanOrEqual(next.get(topic)?.get(partition) ?? 0);
      }
    });

    test("carry headers, odd texts and any bytes", async () => {
      const transport = await started(fixture().transport());
      const values = [
        `{"a": [1, 2.50, "é\\u2028"]}`,
        " 7 ",
        "null",
        "",
        "no json",
        "[1]\n[2]",
        `"\\ud800"`,
        "\u0000",
        "{}",
      ];
      const records = [
        ...values.map(bytes),
        Uint8Array.of(0, 1, 2, 255, 10, 13),
        Uint8Array.of(0xef, 0xbb, 0xbf, 0x31),
      ].map(
        (value, i): AppendRecord => ({
          topic: fixture().secondInputTopic,
          key: ["", "plain", 'q"uo\\te', "línea\nnueva", "😀", '","value":1'][i % 6]!,
          value,
          headers: i % 2 === 0 ? {} : { text: 'é"\n', ce_type: '","value":', bytes: Uint8Array.of(200, 0, 10, i) },
        }),
      );
      await transport.append("a", records);
      const found = await polled(transport, records.length);
      expect(found.map(content)).toEqual(records.map((record) => content({ ...record, key: bytes(record.key) })));
      for (const { timestampMs } of found) expect(timestampMs).toBeGreaterThan(1_600_000_000_000);
    });

    testForeign("of any producer, with null keys, null values and gaps between offsets, are read (1)", async () => {
      const records: Produced[] = [
        { key: null, value: bytes("{}"), headers: {} },
        { key: bytes("k"), value: null, headers: { reason: "left" } },
        { key: Uint8Array.of(255, 0), value: Uint8Array.of(0, 200), headers: { raw: Uint8Array.of(0) } },
        { key: null, value: null, headers: {} },
      ];
      const transport = await started(fixture().transport());
      for (const record of records) await fixture().produce(fixture().secondInputTopic, 0, record);
      const found = await polled(transport, 4);
      expect(found.map(content)).toEqual(records.map(content));
      expectOrder(found);
    });

    test("10,000 of them", async () => {
      const transport = await started(fixture().transport());
      await transport.append("large", appends(10_000));
      const records = await polled(transport, 10_000);
      expectOrder(records);
      expect(new Set(records.map((record) => text(record.value))).size).toBe(10_000);
      expect(records).toHaveLength(10_000);
    });
  });

  describe("append", () => {
    test("of the same source again adds nothing, in this process and the next", async () => {
      const first = await started(fixture().transport());
      await first.append("file 1", appends(20));
      await first.append("file 1", appends(20));
      await first.append("file 2", appends(5, 20));
      await first.close();
      const second = await started(fixture().transport());
      await second.append("file 1", appends(20));
      await second.append("file 2", appends(5, 20));
      await second.append("file 3", appends(1, 25));
      const values = (await polled(second, 26)).map((record) => text(record.value)).sort();
      expect(values).toEqual(
        appends(26)
          .map((record) => text(record.value))
          .sort(),
      );
      expect(await second.poll(10, BYTES_MAX, 100)).toEqual([]);
    });

    test("of nothing is nothing", async () => {
      const transport = await started(fixture().transport());
      await transport.append("empty", []);
      expect(await transport.poll(10, BYTES_MAX, 0)).toEqual([]);
    });

    test("to an unknown topic or of a record too large is refused, and nothing of it is there", async () => {
      const transport = await started(fixture().transport());
      const elsewhere = { ...appends(1)[0]!, topic: "no-such-topic" };
      await expect(transport.append("a", [...appends(3), elsewhere])).rejects.toThrow(AppError);
      const large = { ...appends(1)[0]!, value: Buffer.alloc(transport.limits.recordBytesMax + 1, "x") };
      await expect(transport.append("b", [...appends(3), large])).rejects.toThrow(AppError);
      await transport.append("c", appends(2));
      expect(await polled(transport, 2)).toHaveLength(2);
      expect(await transport.poll(10, BYTES_MAX, 100)).toEqual([]);
    });

    testCutOff("that was cut off is completed by its repeat, each record once", async () => {
      const first = await started(fixture().cutOff("append"));
      await first.append("file 1", appends(500)).catch(() => {});
      const second = await started(fixture().transport());
      await second.append("file 1", appends(500));
      await second.append("file 1", appends(500));
      const values = (await polled(second, 500)).map((record) => text(record.value)).sort();
      expect(values).toEqual(
        appends(500)
          .map((record) => text(record.value))
          .sort(),
      );
      expect(await second.poll(10, BYTES_MAX, 100)).toEqual([]);
    });
  });
}
