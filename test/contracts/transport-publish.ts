/** The output side of the transport contract: publish, fence, progress. */
import { describe, expect, test } from "vitest";
import { AppError } from "../../src/errors.ts";
import type { AppendRecord, OutputRecord } from "../../src/transport/transport.ts";
import {
  appendRecords,
  batchOf,
  bytes,
  content,
  expectOrder,
  outputOf,
  outputRecord,
  polled,
  positionsAfter,
  type Suite,
  started,
  testUnless,
  text,
} from "./transport-fixture.ts";

export function publishContract({ fixture, exceptions }: Suite): void {
  const testRivals = testUnless(exceptions.rivals);
  const testCutOff = testUnless(exceptions.cutOffs);
  const appends = (count: number): AppendRecord[] => appendRecords(fixture().inputTopic, count);
  const output = (n: number, partition?: number): OutputRecord => outputRecord(fixture().outputTopic, n, partition);

  describe("publish", () => {
    test("begins with no progress and no output (3)", async () => {
      const transport = fixture().transport();
      await transport.open();
      expect(await transport.fence()).toBe("owner");
      expect(await transport.readProgress()).toBeNull();
      expect(await outputOf(transport, fixture().outputTopic)).toEqual([]);
    });

    test("commits the records and the progress together (2)", async () => {
      const transport = await started(fixture().transport());
      expect(
        await transport.publish(
          batchOf(
            [0, 1, 2, 3].map((n) => output(n)),
            '{"step":1}',
          ),
        ),
      ).toBe("committed");
      expect(text(await transport.readProgress())).toBe('{"step":1}');
      const second = { ...output(9, 0), topic: fixture().secondOutputTopic };
      expect(await transport.publish(batchOf([output(4), second], '{"step":2}'))).toBe("committed");
      expect(await transport.publish(batchOf([], '{"step":3}'))).toBe("committed");
      expect(text(await transport.readProgress())).toBe('{"step":3}');
      const records = await outputOf(transport, fixture().outputTopic);
      expectOrder(records);
      expect(records.map((record) => [record.partition, text(record.value)])).toEqual([
        [0, '{"n":0}'],
        [0, '{"n":3}'],
        [1, '{"n":1}'],
        [1, '{"n":4}'],
        [2, '{"n":2}'],
      ]);
      expect((await outputOf(transport, fixture().secondOutputTopic)).map(content)).toEqual([content(second)]);
    });

    test("tells the partitions of its topics", async () => {
      const transport = await started(fixture().transport());
      expect(transport.outputPartitions(fixture().outputTopic)).toBe(3);
      expect(transport.outputPartitions(fixture().secondOutputTopic)).toBe(1);
      expect(() => transport.outputPartitions("no-such-topic")).toThrow(AppError);
    });

    test("keeps removals, binary values, headers and null keys byte for byte", async () => {
      const transport = await started(fixture().transport());
      const { topic, partition } = { topic: fixture().secondOutputTopic, partition: 0 };
      const records: OutputRecord[] = [
        { topic, partition, key: bytes('["a","b"]'), value: null, headers: { cor: "e.1.2.3", type: "removed" } },
        { topic, partition, key: bytes("k"), value: bytes("null"), headers: {} },
        { topic, partition, key: bytes("k"), value: new Uint8Array(0), headers: {} },
        {
          topic,
          partition,
          key: null,
          value: Uint8Array.of(0, 0, 0, 0, 7, 128, 10),
          headers: { raw: Uint8Array.of(255) },
        },
        {
          topic,
          partition,
          key: Uint8Array.of(128),
          value: bytes('{"value":null,"bytes":"x"}'),
          headers: { "": "empty" },
        },
      ];
      expect(await transport.publish(batchOf(records, "progress of any bytes \n"))).toBe("committed");
      expect((await outputOf(transport, topic)).map(content)).toEqual(records.map(content));
      expect(text(await transport.readProgress())).toBe("progress of any bytes \n");
    });

    test("refuses what is outside its limits, and writes nothing of it (7)", async () => {
      const transport = await started(fixture().transport());
      expect(transport.limits.recordBytesMax).toBeGreaterThan(1000);
      const large = { ...output(1), value: Buffer.alloc(transport.limits.recordBytesMax + 1, "x") };
      await expect(transport.publish(batchOf([output(0), large], "p"))).rejects.toThrow(AppError);
      await expect(transport.publish(batchOf([output(0), output(1, 3)], "p"))).rejects.toThrow(AppError);
      const next = await started(fixture().transport());
      expect(await next.readProgress()).toBeNull();
      expect(await outputOf(next, fixture().outputTopic)).toEqual([]);
    });

    test("goes on where another process ended", async () => {
      const first = await started(fixture().transport());
      await first.append("a", appends(10));
      const read = await polled(first, 10);
      await first.publish(batchOf([output(1), output(2)], "1"));
      await first.close();
      const second = fixture().transport();
      await second.open();
      await second.fence();
      expect(text(await second.readProgress())).toBe("1");
      await second.seek(positionsAfter(read.slice(0, 4)));
      expect(await polled(second, 6)).toHaveLength(6);
      expect(await second.publish(batchOf([output(3), output(4)], "2"))).toBe("committed");
      const third = await started(fixture().transport());
      expect(text(await third.readProgress())).toBe("2");
      const values = (await outputOf(third, fixture().outputTopic)).map((record) => text(record.value)).sort();
      expect(values).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}']);
    });

    test("10,000 records in one step, then 50 small steps", async () => {
      const transport = await started(fixture().transport());
      const many = Array.from({ length: 10_000 }, (_, n) => output(n));
      expect(await transport.publish(batchOf(many, "0"))).toBe("committed");
      for (let step = 1; step <= 50; step++) {
        expect(await transport.publish(batchOf([output(9_999 + step)], String(step)))).toBe("committed");
      }
      const records = await outputOf(transport, fixture().outputTopic);
      expect(records).toHaveLength(10_050);
      expectOrder(records);
      const first = records.filter(({ partition }) => partition === 0).map((record) => text(record.value));
      expect(first).toEqual(Array.from({ length: 3350 }, (_, i) => `{"n":${3 * i}}`));
    });

    for (const moment of ["publish before commit", "publish after commit"] as const) {
      testCutOff(`cut off: ${moment}; the progress then tells what happened (2, 3, 6)`, async () => {
        const first = await started(fixture().transport());
        await first.publish(batchOf([output(0)], "1"));
        await first.close();
        const second = await started(fixture().cutOff(moment));
        const batch = batchOf([output(1), output(2), output(3)], "2");
        expect(await second.publish(batch).catch(() => "rejected")).not.toBe("committed");
        const third = fixture().transport();
        await third.open();
        expect(await third.fence()).toBe("owner");
        const progress = text(await third.readProgress());
        expect(progress).toBe(moment === "publish before commit" ? "1" : "2");
        const before = await outputOf(third, fixture().outputTopic);
        expect(before).toHaveLength(progress === "1" ? 1 : 4);
        if (progress === "1") expect(await third.publish(batch)).toBe("committed");
        expect(await third.publish(batchOf([output(4)], "3"))).toBe("committed");
        const values = (await outputOf(third, fixture().outputTopic)).map((record) => text(record.value)).sort();
        expect(values).toEqual([0, 1, 2, 3, 4].map((n) => `{"n":${n}}`));
      });
    }

    testRivals("of a process that was fenced answers so and leaves nothing (3)", async () => {
      const older = await started(fixture().transport());
      expect(await older.publish(batchOf([output(1)], "1"))).toBe("committed");
      const newer = await started(fixture().transport());
      expect(await older.publish(batchOf([output(2)], "2"))).toBe("fenced");
      expect(text(await newer.readProgress())).toBe("1");
      expect(await newer.publish(batchOf([output(3)], "2"))).toBe("committed");
      const values = (await outputOf(newer, fixture().outputTopic)).map((record) => text(record.value)).sort();
      expect(values).toEqual(['{"n":1}', '{"n":3}']);
    });
  });
}
