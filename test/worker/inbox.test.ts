import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AppendRecord } from "../../src/transport/transport.ts";
import { deliverInbox, leaveInInbox } from "../../src/worker/inbox.ts";
import { MemoryBroker } from "../support/memory-broker.ts";
import { MemoryTransport, SimulatedCrash } from "../support/memory-transport.ts";

const log = pino({ level: "silent" });
const record = (text: string): AppendRecord => ({
  topic: "in",
  key: "käthe",
  value: Buffer.from(text),
  headers: { source: "test", raw: Buffer.of(0, 255) },
});

describe("inbox", () => {
  let folder: string;
  let broker: MemoryBroker;
  const transport = () => new MemoryTransport(broker, "e");
  const values = () => [...broker.inputFrom("in", 0, 0)].map(({ value }) => Buffer.from(value ?? []).toString());

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "inbox-")), "inbox");
    broker = new MemoryBroker({ inputTopics: { in: 1 }, outputTopics: {} });
  });
  afterEach(() => rm(join(folder, ".."), { recursive: true }));

  it("hands records over in the order in which they were left, and is empty then", async () => {
    expect(await deliverInbox(folder, transport(), log)).toBe(0);
    await leaveInInbox(folder, "z", [record("1"), record("2")], 10);
    await leaveInInbox(folder, "a source with spaces/and slashes", [record("3")], 10);
    await leaveInInbox(folder, "b", [record("4")], 9);
    expect(await deliverInbox(folder, transport(), log)).toBe(3);
    expect(values()).toEqual(["4", "1", "2", "3"]);
    expect([...broker.inputFrom("in", 0, 0)][0]?.headers).toEqual(record("").headers);
    expect(Buffer.from([...broker.inputFrom("in", 0, 0)][0]?.key ?? []).toString()).toBe("käthe");
    expect(await readdir(folder)).toEqual([]);
  });

  it("appends a source once, whenever its delivery is cut off", async () => {
    for (const point of ["before append", "after append"]) {
      await leaveInInbox(folder, point.replace(" ", "-"), [record(point)], 1);
      const dying = new MemoryTransport(broker, "e", (passed) => {
        if (passed === point) throw new SimulatedCrash(point);
      });
      await expect(deliverInbox(folder, dying, log)).rejects.toThrow("simulated crash");
      expect(await deliverInbox(folder, transport(), log)).toBe(1);
    }
    expect(values()).toEqual(["before append", "after append"]);
  });

  it("adds nothing when the same source is left again", async () => {
    await leaveInInbox(folder, "import-1", [record("1")], 1);
    await deliverInbox(folder, transport(), log);
    await leaveInInbox(folder, "import-1", [record("1")], 2);
    await deliverInbox(folder, transport(), log);
    expect(values()).toEqual(["1"]);
  });

  it("puts files aside that cannot be taken, and goes on", async () => {
    await leaveInInbox(folder, "wrong-topic", [{ ...record("1"), topic: "nowhere" }], 1);
    await leaveInInbox(folder, "good", [record("2")], 3);
    await writeFile(join(folder, "000000000000002-000001-damaged.records"), "nonsense");
    await writeFile(join(folder, "000000000000004-000001-half.records.tmp"), "half");
    expect(await deliverInbox(folder, transport(), log)).toBe(3);
    expect(values()).toEqual(["2"]);
    const left = await readdir(folder);
    expect(left.filter((name) => name.endsWith(".refused")).length).toBe(2);
    expect(await deliverInbox(folder, transport(), log)).toBe(0);
  });
});
