import { pino } from "pino";
import { beforeEach, describe, expect, it } from "vitest";
import type { Outbox } from "../../src/state/store.ts";
import { packPieces } from "../../src/transport/frames.ts";
import { outboxDigest } from "../../src/worker/outbox.ts";
import { encodeProgress } from "../../src/worker/progress.ts";
import { publishOutbox, takeOver } from "../../src/worker/publish.ts";
import { MemoryBroker } from "../support/memory-broker.ts";
import { type FaultAnswer, type FaultPoint, MemoryTransport } from "../support/memory-transport.ts";

const log = pino({ level: "silent" });

function outboxOf(step: number, text = "delta"): Outbox {
  const records = [
    { topic: "out", partition: 0, key: Buffer.from("k"), value: Buffer.from(`${text} ${step}`), headers: {} },
  ];
  const chunks = packPieces(records);
  const facts = { engine: "e", epoch: 1, clockMinute: 0, positions: new Map(), pending: 0, configDigest: "" };
  const progress = encodeProgress({ ...facts, step, records: records.length, digest: outboxDigest(chunks) });
  return { step, epoch: 1, chunks, progress, positions: new Map() };
}

describe("publishing a step", () => {
  let broker: MemoryBroker;
  const faults: (readonly [FaultPoint, FaultAnswer])[] = [];
  const open = () =>
    new MemoryTransport(broker, "e", (point) => {
      if (faults[0]?.[0] !== point) return undefined;
      return faults.shift()?.[1];
    });
  const values = () => broker.output("out").map(({ value }) => Buffer.from(value ?? []).toString());

  beforeEach(async () => {
    broker = new MemoryBroker({ inputTopics: {}, outputTopics: { out: 1 } });
    faults.length = 0;
  });

  it.each<readonly [FaultPoint, FaultAnswer]>([
    ["before publish", "aborted"],
    ["before publish", "unknown"],
    ["before publish", "in-flight"],
    ["publish staged", "aborted"],
    ["publish staged", "unknown"],
    ["publish staged", "in-flight"],
    ["publish sent", "unknown"],
  ])("%s: %s — published once all the same (C3, C4, C13)", async (point, answer) => {
    const transport = open();
    await takeOver(transport);
    await publishOutbox(transport, outboxOf(1), log);
    faults.push([point, answer], [point, answer], [point, answer]);
    await publishOutbox(transport, outboxOf(2), log);
    faults.length = 0;
    await publishOutbox(transport, outboxOf(3), log);
    expect(values()).toEqual(["delta 1", "delta 2", "delta 3"]);
  });

  it("stops at once when a rival took over (C8)", async () => {
    const loser = open();
    await takeOver(loser);
    const winner = open();
    await takeOver(winner);
    await expect(publishOutbox(loser, outboxOf(1), log)).rejects.toMatchObject({ code: "fenced" });
    await publishOutbox(winner, outboxOf(1, "winner"), log);
    expect(values()).toEqual(["winner 1"]);
  });

  it("stops when another step stands in the place of its own", async () => {
    const transport = open();
    await takeOver(transport);
    await publishOutbox(open(), outboxOf(1, "rival"), log);
    faults.push(["before publish", "unknown"]);
    await takeOver(transport);
    await expect(publishOutbox(transport, outboxOf(1), log)).rejects.toMatchObject({ code: "fenced" });
    expect(values()).toEqual(["rival 1"]);
  });

  it("gives up after a bounded number of attempts, and when it is told to end", async () => {
    const transport = open();
    await takeOver(transport);
    const end = new AbortController();
    for (let i = 0; i < 20; i++) faults.push(["before publish", "aborted"]);
    const publishing = publishOutbox(transport, outboxOf(1), log, end.signal);
    setTimeout(() => end.abort(), 30);
    await expect(publishing).rejects.toMatchObject({ name: "AbortError" });
    expect(values()).toEqual([]);
  });

  it("refuses to send an outbox that is not what was fixed (C15)", async () => {
    const outbox = { ...outboxOf(1), chunks: outboxOf(2).chunks };
    await expect(publishOutbox(open(), outbox, log)).rejects.toMatchObject({ code: "state" });
  });
});
