/** Rivals, timeouts, and brokers that stall, restart or stay away. */
import type { Transaction } from "kafkajs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { KafkaTransport } from "../../src/transport/kafka/kafka-transport.ts";
import type { InputRecord, OutputRecord, PublishOutcome } from "../../src/transport/transport.ts";
import { appendRecords } from "../contracts/transport-fixture.ts";
import { describeKafka } from "../support/kafka-broker.ts";
import { kafkaConfig, makeWorld, type World, withProducer } from "../support/kafka-fixture.ts";
import { hookTransactions, type TransactionHook } from "../support/producer-hooks.ts";

const NOWHERE = new Map();

describeKafka("Kafka with faults", { own: true }, (broker) => {
  const hooks = new Map<string, TransactionHook>();
  let world: World;
  beforeAll(() => hookTransactions((id) => hooks.get(id.replace(/\.import\..*/, ".import"))));
  afterAll(() => {
    vi.restoreAllMocks();
  });
  beforeEach(async () => {
    world = await makeWorld(broker());
  });
  afterEach(() => world.dispose());

  const outputTopic = (): string => world.plan.outputTopics[0] ?? "";
  const inputTopic = (): string => world.plan.inputTopics[0] ?? "";
  const output = (n: number): OutputRecord => ({
    topic: outputTopic(),
    partition: n % 3,
    key: Buffer.from(`key ${n}`),
    value: Buffer.from(`value ${n}`),
    headers: { cor: `e.1.${n}.0` },
  });
  const publish = (transport: KafkaTransport, step: number): Promise<PublishOutcome> =>
    transport.publish({
      records: [output(step)],
      progress: Buffer.from(String(step)),
      positions: new Map([[inputTopic(), new Map([[0, 0]])]]),
    });
  const progressOf = async (transport: KafkaTransport): Promise<number> =>
    Number(Buffer.from((await transport.readProgress()) ?? "0").toString());

  async function owner(more: Parameters<World["transport"]>[0] = {}): Promise<KafkaTransport> {
    const transport = world.transport(more);
    await transport.open();
    expect(await transport.fence()).toBe("owner");
    return transport;
  }

  /** What a worker does after any answer but `committed`: fence, read the progress, send again what is not there. */
  async function settle(transport: KafkaTransport, step: number): Promise<void> {
    for (let tries = 0; tries < 5; tries++) {
      expect(await transport.fence()).toBe("owner");
      if ((await progressOf(transport)) >= step || (await publish(transport, step)) === "committed") return;
    }
    throw new Error(`step ${step} could not be settled`);
  }

  async function expectSteps(count: number): Promise<void> {
    const records = await broker().consoleConsumer(outputTopic(), { atLeast: count });
    const values = records.map(({ value }) => value).sort();
    expect(values).toEqual(Array.from({ length: count }, (_, n) => `value ${n + 1}`).sort());
  }

  test("of two workers the newer goes on; the older is fenced, again and again, and writes nothing", async () => {
    const older = await owner();
    expect(await publish(older, 1)).toBe("committed");
    const newer = await owner();
    expect(await progressOf(newer)).toBe(1);
    expect(await publish(newer, 2)).toBe("committed");
    expect(await publish(older, 3)).toBe("fenced");
    expect(await older.fence()).toBe("fenced");
    expect(await older.fence()).toBe("fenced");
    expect(await publish(newer, 3)).toBe("committed");
    await expectSteps(3);
  });

  test("of workers started at once exactly one survives", async () => {
    const workers = Array.from({ length: 4 }, () => world.transport());
    await Promise.all(workers.map((worker) => worker.open()));
    const fences = await Promise.all(workers.map((worker) => worker.fence()));
    const owners = workers.filter((_, n) => fences[n] === "owner");
    const outcomes: PublishOutcome[] = [];
    for (const worker of owners) outcomes.push(await publish(worker, 1));
    expect(outcomes.filter((outcome) => outcome === "committed")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "fenced")).toHaveLength(owners.length - 1);
    await expectSteps(1);
  });

  test("a transaction that the broker timed out is unknown, not fenced, when there is no rival (C13)", async () => {
    const kafka = kafkaConfig(broker().brokers, { transactionTimeoutMs: 1_000 });
    const sleepy = (transaction: Transaction): Transaction => ({
      ...transaction,
      sendBatch: async (batch) => {
        const sent = await transaction.sendBatch(batch);
        await sleep(4_000);
        return sent;
      },
    });
    const transport = await owner({ kafka });
    hooks.set(world.engine, (transaction, nth) => (nth === 2 ? sleepy(transaction) : transaction));
    expect(await transport.fence()).toBe("owner");
    expect(await publish(transport, 1)).not.toBe("committed");
    hooks.delete(world.engine);
    await settle(transport, 1);
    await expectSteps(1);
  });

  test("a takeover that the broker timed out is tried again, not fenced, when there is no rival", async () => {
    let slow = 0;
    const sleepy = (transaction: Transaction): Transaction => ({
      ...transaction,
      commit: async () => {
        slow++;
        await sleep(3_000);
        await transaction.commit();
      },
    });
    const transport = world.transport({ kafka: kafkaConfig(broker().brokers, { transactionTimeoutMs: 1_000 }) });
    await transport.open();
    for (const fences of [1, 2]) {
      hooks.set(world.engine, (transaction) => (slow < fences ? sleepy(transaction) : transaction));
      expect(await transport.fence()).toBe("owner");
      expect(slow).toBe(fences);
    }
    hooks.delete(world.engine);
    await settle(transport, 1);
    await expectSteps(1);
  });

  /** Appends 12,000 records, three transactions, with a hand on the import's. */
  async function append(hook: TransactionHook): Promise<void> {
    const transport = await owner({ kafka: kafkaConfig(broker().brokers, { transactionTimeoutMs: 1_000 }) });
    hooks.set(`${world.engine}.import`, hook);
    try {
      await transport.append("file", appendRecords(inputTopic(), 12_000));
    } finally {
      hooks.delete(`${world.engine}.import`);
    }
  }

  async function expectAppended(): Promise<void> {
    const records = await broker().consoleConsumer(inputTopic(), { atLeast: 12_000 });
    const wanted = appendRecords(inputTopic(), 12_000).map(({ value }) => Buffer.from(value).toString());
    expect(records.map(({ value }) => value).sort()).toEqual(wanted.sort());
  }

  test("an append that the broker timed out is tried again when there is no rival", async () => {
    let slow = 0;
    await append((transaction, nth) => ({
      ...transaction,
      commit: async () => {
        if (nth === 3 && ++slow <= 2) await sleep(3_000);
        await transaction.commit();
      },
    }));
    expect(slow).toBeGreaterThanOrEqual(1);
    await expectAppended();
  });

  test("an append that a rival overtook ends with a clear message, and leaves the rival alone", async () => {
    const rival = await owner();
    let begun = false;
    const overtaken = append((transaction, nth) => ({
      ...transaction,
      sendBatch: async (batch) => {
        if (nth === 3 && !begun) {
          begun = true;
          hooks.delete(`${world.engine}.import`);
          await rival.append("file", appendRecords(inputTopic(), 12_000));
        }
        return transaction.sendBatch(batch);
      },
    }));
    await expect(overtaken).rejects.toMatchObject({ code: "fenced", message: "another process appends file too" });
    await expectAppended();
  });

  test("an open transaction of another engine on the progress topic delays the answer and does not change it", async () => {
    const other = world.kafka.producer({ transactionalId: `${world.engine}-other` });
    await other.connect();
    const open = await other.transaction();
    await open.send({ topic: world.plan.progressTopic, messages: [{ key: "other", value: "x", partition: 0 }] });
    const first = await owner();
    expect(await publish(first, 1)).toBe("committed");
    const second = await owner();
    const progress = progressOf(second);
    expect(await Promise.race([progress, sleep(1_500)])).toBeUndefined();
    await open.abort();
    expect(await progress).toBe(1);
    await other.disconnect();
  });

  test("the progress record is found far behind marks and aborted records", async () => {
    const first = await owner();
    expect(await publish(first, 1)).toBe("committed");
    const other = world.kafka.producer({ transactionalId: `${world.engine}-other` });
    await other.connect();
    for (let n = 0; n < 4; n++) {
      const transaction = await other.transaction();
      const messages = Array.from({ length: 300 }, () => ({ key: world.engine, value: "aborted", partition: 0 }));
      await transaction.send({ topic: world.plan.progressTopic, messages });
      await transaction.abort();
    }
    await other.disconnect();
    const second = await owner();
    expect(await second.fence()).toBe("owner");
    expect(await progressOf(second)).toBe(1);
  });

  test("a broker that stalls, or restarts in mid-transaction, costs no record and repeats none", async () => {
    const transport = await owner();
    await transport.seek(NOWHERE);
    const received: InputRecord[] = [];
    const appendMore = (from: number): Promise<void> =>
      withProducer(world.kafka, async (producer) => {
        const messages = Array.from({ length: 50 }, (_, n) => ({ key: `${from + n}`, value: `${from + n}` }));
        await producer.send({ topic: inputTopic(), messages });
      });
    const faults: (() => Promise<void>)[] = [
      async () => {
        broker().pause();
        await sleep(3_000);
        broker().resume();
      },
      () => broker().restart(),
      async () => {
        await broker().kill();
        await broker().restart();
      },
    ];
    for (const [n, fault] of faults.entries()) {
      await appendMore(n * 50);
      const running: Promise<void>[] = [];
      hooks.set(world.engine, (transaction) => ({
        ...transaction,
        sendBatch: async (batch) => {
          const sent = await transaction.sendBatch(batch);
          if (running.length === 0) running.push(fault());
          return sent;
        },
      }));
      expect(await transport.fence()).toBe("owner");
      const outcome = await publish(transport, n + 1);
      await Promise.all(running);
      hooks.delete(world.engine);
      if (outcome !== "committed") await settle(transport, n + 1);
      const deadline = Date.now() + 20_000;
      while (received.length < (n + 1) * 50 && Date.now() < deadline)
        received.push(...(await transport.poll(1_000, 1e6, 200)));
    }
    const values = received.map(({ value }) => Number(Buffer.from(value ?? []).toString())).sort((a, b) => a - b);
    expect(values).toEqual(Array.from({ length: 150 }, (_, n) => n));
    await expectSteps(3);
  }, 120_000);

  test("brokers that stay away end reading and publishing with a clear error", async () => {
    const transport = await owner({ unreachableMs: 3_000 });
    await transport.seek(NOWHERE);
    await broker().kill();
    try {
      await expect(
        (async () => {
          for (let n = 0; n < 600; n++) await transport.poll(10, 1e6, 100);
        })(),
      ).rejects.toMatchObject({ code: "transport" });
      await expect(transport.fence()).rejects.toMatchObject({
        code: "transport",
        hint: expect.stringContaining("brokers"),
      });
    } finally {
      await broker().restart();
    }
  }, 120_000);
});

function sleep(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined));
}
