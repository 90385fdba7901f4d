import { describe, expect, test } from "vitest";
import type { PublishBatch } from "../../src/transport/transport.ts";
import { transportContract } from "../contracts/transport.ts";
import { MemoryBroker } from "../support/memory-broker.ts";
import { MemoryTransport, SimulatedCrash, type TransportFault } from "../support/memory-transport.ts";

function cutOffAt(point: string): TransportFault {
  return (passed) => {
    if (passed === point) throw new SimulatedCrash(point);
  };
}

for (const markers of [false, true]) {
  transportContract(`memory${markers ? " with gaps" : ""}`, async () => {
    const options = { inputTopics: { in: 2, second: 1 }, outputTopics: { out: 3, other: 1 }, markers };
    const broker = new MemoryBroker(options);
    const points = {
      "publish before commit": "publish staged",
      "publish after commit": "publish sent",
      append: "before append",
    };
    return {
      inputTopic: "in",
      secondInputTopic: "second",
      outputTopic: "out",
      secondOutputTopic: "other",
      transport: () => new MemoryTransport(broker, "engine"),
      cutOff: (moment) => new MemoryTransport(broker, "engine", cutOffAt(points[moment])),
      produce: async (topic, partition, record) => {
        broker.produce(topic, partition, record);
        broker.skipOffsets(topic, partition, 3);
      },
      dispose: async () => {},
    };
  });
}

describe("faults of the memory transport", () => {
  const batch: PublishBatch = {
    records: [{ topic: "out", partition: 0, key: null, value: Buffer.from("1"), headers: {} }],
    progress: Buffer.from("p"),
    positions: new Map(),
  };
  const broker = (): MemoryBroker => new MemoryBroker({ inputTopics: { in: 1 }, outputTopics: { out: 1 } });
  const answering = (point: string, answer: "aborted" | "unknown" | "fenced" | "in-flight"): TransportFault => {
    return (passed) => (passed === point ? answer : undefined);
  };

  test.each(["aborted", "unknown", "fenced"] as const)("%s before the commit leaves nothing", async (answer) => {
    for (const point of ["before publish", "publish staged"]) {
      const over = broker();
      const transport = new MemoryTransport(over, "e", answering(point, answer));
      await transport.fence();
      expect(await transport.publish(batch)).toBe(answer);
      expect(over.transactions).toEqual([]);
      expect(await new MemoryTransport(over, "e").readProgress()).toBeNull();
    }
  });

  test("a lost answer leaves a committed step", async () => {
    const over = broker();
    const transport = new MemoryTransport(over, "e", answering("publish sent", "unknown"));
    await transport.fence();
    expect(await transport.publish(batch)).toBe("unknown");
    expect(over.transactions).toHaveLength(1);
  });

  test("a commit in flight is there after a fence, and not yet for one who only reads", async () => {
    const over = broker();
    const transport = new MemoryTransport(over, "e", answering("publish staged", "in-flight"));
    await transport.fence();
    expect(await transport.publish(batch)).toBe("unknown");
    expect(over.transactions).toHaveLength(0);
    const careful = new MemoryTransport(over, "e");
    await careful.fence();
    expect(await careful.readProgress()).toEqual(Uint8Array.from(batch.progress));
    expect(over.transactions).toHaveLength(1);

    expect(await transport.publish(batch)).toBe("fenced");
    const again = new MemoryTransport(over, "other", answering("publish staged", "in-flight"));
    await again.publish(batch);
    const careless = new MemoryTransport(over, "other");
    expect(await careless.readProgress()).toBeNull();
    expect(over.transactions).toHaveLength(2);
  });

  test("engines do not fence each other", async () => {
    const over = broker();
    const [a, b] = [new MemoryTransport(over, "a"), new MemoryTransport(over, "b")];
    await a.fence();
    await b.fence();
    expect([await a.publish(batch), await b.publish(batch)]).toEqual(["committed", "committed"]);
    expect(over.passed.get("publish staged")).toBe(2);
  });
});
