/**
 * The traps of kafkajs 2.2.4, each on a live broker: with our patch or workaround it does not bite, and without it does.
 * (The canaries: a test that cannot fail proves nothing.)
 */
import kafkajs, { type Kafka, type Producer } from "kafkajs";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppError } from "../../src/errors.ts";
import { offsetsOf } from "../../src/transport/kafka/admin.ts";
import { createKafka } from "../../src/transport/kafka/client.ts";
import { registerCodecs } from "../../src/transport/kafka/codecs.ts";
import { readRange } from "../../src/transport/kafka/read-range.ts";
import { Source } from "../../src/transport/kafka/source.ts";
import { makeTopics } from "../../src/transport/kafka/topics.ts";
import { explicit, interleave, readBare, type Step, transactUntil } from "../support/bare-kafkajs.ts";
import { describeKafka } from "../support/kafka-broker.ts";
import { freshPrefix, kafkaConfig, makeWorld, testClient, withProducer } from "../support/kafka-fixture.ts";
import { type KafkajsCopy, pristineKafkajs } from "../support/kafkajs-copies.ts";

const RANGE = { groupPrefix: "traps", unreachableMs: 20_000, openTransactionMs: 20_000 };

describeKafka("the traps of kafkajs", {}, (broker) => {
  let pristine: KafkajsCopy;
  let client: Kafka;
  beforeAll(() => {
    pristine = pristineKafkajs();
    client = testClient(broker());
    registerCodecs();
  });
  afterAll(() => pristine.dispose());

  const unpatchedClient = (): Kafka =>
    new (pristine.load().Kafka)({ brokers: [...broker().brokers], logLevel: kafkajs.logLevel.NOTHING });

  async function makeTopic(settings: Readonly<Record<string, string>> = {}, numPartitions = 1): Promise<string> {
    const topic = `${freshPrefix()}trap`;
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await asked((admin) => makeTopics(admin, [{ topic, numPartitions, configEntries }]));
    return topic;
  }

  async function asked<T>(ask: (admin: ReturnType<Kafka["admin"]>) => Promise<T>): Promise<T> {
    const admin = client.admin();
    await admin.connect();
    try {
      return await ask(admin);
    } finally {
      await admin.disconnect();
    }
  }

  async function deleteBefore(topic: string, offset: number): Promise<void> {
    await asked(async (admin) => {
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
    });
  }

  /** Values from `from` to the present end, by our reader. */
  async function readOurs(topic: string, from = 0): Promise<string[]> {
    const [end] = await asked((admin) => offsetsOf(admin, topic));
    const values: string[] = [];
    const ranges = [{ partition: 0, from, to: end?.high ?? 0 }];
    for await (const { value } of readRange(client, topic, ranges, RANGE))
      values.push(Buffer.from(value ?? []).toString());
    return values;
  }

  describe("read_committed shows aborted records", () => {
    const cases: Readonly<Record<string, { from: number; steps: Step[]; committed: string[] }>> = {
      "when the list of aborted transactions is not in the order of their begin": {
        from: 0,
        steps: [
          ["a", "a1"],
          ["b", "b1"],
          ["c", "c1"],
          ["c", "abort"],
          ["b", "abort"],
          ["d", "d1"],
          ["a", "a2"],
          ["a", "abort"],
          ["d", "commit"],
        ],
        committed: ["d1"],
      },
      "when several aborted transactions began before the first record": {
        from: 3,
        steps: [
          ["a", "a1"],
          ["b", "b1"],
          ["c", "c1"],
          ["c", "c2"],
          ["b", "b2"],
          ["a", "a2"],
          ["d", "d1"],
          ["a", "abort"],
          ["b", "abort"],
          ["c", "abort"],
          ["d", "commit"],
        ],
        committed: ["d1"],
      },
      "when a record's key looks like an abort marker's": {
        from: 0,
        steps: [
          ["a", { key: Buffer.from([0, 0, 0, 0]), value: "a1" }],
          ["a", "a2"],
          ["a", "abort"],
          ["b", { key: Buffer.from([0, 0, 0, 0]), value: "b1" }],
          ["b", "commit"],
        ],
        committed: ["b1"],
      },
    };
    for (const [when, { from, steps, committed }] of Object.entries(cases)) {
      test(when, async () => {
        const topic = await makeTopic();
        await interleave(client, topic, steps);
        expect(await readOurs(topic, from)).toEqual(committed);
        expect(await readBare(client, topic, from)).toEqual(committed);
        expect((await readBare(unpatchedClient(), topic, from)).length).toBeGreaterThan(committed.length);
      });
    }
  });

  test("a range that ends in aborted and control records has an end", async () => {
    const topic = await makeTopic();
    await interleave(client, topic, [
      ["a", "a1"],
      ["a", "commit"],
      ["b", "b1"],
      ["b", "abort"],
      ["b", "b2"],
      ["b", "abort"],
    ]);
    expect(await readOurs(topic)).toEqual(["a1"]);
    expect(await readOurs(topic, 2)).toEqual([]);
    expect(await readOurs(topic, 6)).toEqual([]);
  });

  test("batches that compaction has emptied stall the consumer (#1072)", async () => {
    const topic = await makeTopic({
      "cleanup.policy": "compact",
      "segment.ms": "200",
      "min.cleanable.dirty.ratio": "0.001",
      "max.compaction.lag.ms": "200",
      "delete.retention.ms": "100",
    });
    // The last batch of an idempotent producer is kept, empty, when a later record with its key makes it obsolete.
    for (let n = 0; n < 4; n++) await sendIdempotent(topic, `old ${n}`);
    await sleep(400);
    await sendIdempotent(topic, "new");
    await sleep(400);
    await sendIdempotent(topic, "newest");
    await until("compaction", async () => {
      await sendIdempotent(topic, "newest", "other key");
      return !(await readOurs(topic)).some((value) => value.startsWith("old"));
    });
    expect((await readOurs(topic)).at(-1)).toBe("newest");
    // So little a fetch that an emptied batch comes alone, as it does where a whole segment was emptied.
    const options = { idleMs: 4_000, maxBytesPerPartition: 1 };
    expect(await readBare(client, topic, 0, options)).toContain("newest");
    expect(await readBare(unpatchedClient(), topic, 0, options)).toEqual([]);
  }, 90_000);

  async function sendIdempotent(topic: string, value: string, key = "key"): Promise<void> {
    const producer = client.producer({ idempotent: true, createPartitioner: explicit });
    await producer.connect();
    await producer.send({ topic, messages: [{ key, value, partition: 0 }] });
    await producer.disconnect();
  }

  test("a send over the broker's message limit is refused as a whole; publish splits it", async () => {
    const world = await makeWorld(broker());
    const transport = world.transport();
    await transport.open();
    await transport.fence();
    const topic = world.plan.outputTopics[0] ?? "";
    const values = Array.from({ length: 20 }, (_, n) => Buffer.alloc(200_000, 65 + n));
    await withProducer(client, async (producer) => {
      const messages = values.map((value) => ({ partition: 1, key: "k", value }));
      await expect(producer.send({ topic, messages })).rejects.toThrow(/larger than the max/);
    });
    const records = values.map((value) => ({ topic, partition: 1, key: Buffer.from("k"), value, headers: {} }));
    expect(await transport.publish({ records, progress: Buffer.from("1"), positions: new Map() })).toBe("committed");
    const found: string[] = [];
    for await (const { value } of transport.readOutput(topic)) found.push(`${value?.length} of ${value?.[0]}`);
    expect(found).toEqual(values.map((value) => `${value.length} of ${value[0]}`));
    await world.dispose();
  });

  test("a record that the topic refuses stops the engine, and hides nothing from readers afterwards", async () => {
    const world = await makeWorld(broker());
    const topic = world.plan.outputTopics[0] ?? "";
    const transport = world.transport();
    await transport.open();
    await transport.fence();
    const type = kafkajs.ConfigResourceTypes.TOPIC;
    const configEntries = [
      { name: "max.message.bytes", value: "2000" },
      { name: "cleanup.policy", value: "compact" },
    ];
    await asked((admin) =>
      admin.alterConfigs({ validateOnly: false, resources: [{ type, name: topic, configEntries }] }),
    );
    const record = { topic, partition: 0, key: Buffer.from("k"), value: Buffer.alloc(5_000, 65), headers: {} };
    const publish = (): Promise<string> =>
      transport.publish({ records: [record], progress: Buffer.from("1"), positions: new Map() });
    await expect(publish()).rejects.toMatchObject({
      code: "transport",
      hint: expect.stringContaining("max.message.bytes"),
    });
    const next = world.transport();
    await next.open();
    expect(next.limits.recordBytesMax).toBeLessThan(2_000);
    expect(await next.fence()).toBe("owner");
    expect(await next.readProgress()).toBeNull();
    await expect(next.publish({ records: [record], progress: Buffer.from("1"), positions: new Map() })).rejects.toThrow(
      /allowed are/,
    );
    await world.dispose();
  });

  test("an offset out of range is reset silently and put into the group; ours is refused, our group untouched", async () => {
    const topic = await makeTopic({ "retention.ms": "-1" });
    await withProducer(client, (producer) =>
      producer.send({ topic, messages: Array.from({ length: 20 }, (_, n) => ({ key: "k", value: String(n) })) }),
    );
    await deleteBefore(topic, 10);
    const jumps: number[][] = [];
    const source = new Source(client, {
      groupPrefix: "traps",
      positions: new Map([[topic, new Map([[0, 4]])]]),
      queueBytesMax: 1_000_000,
      unreachableMs: 10_000,
      onJump: async (_topic, _partition, expected, found) => {
        jumps.push([expected, found]);
        throw new AppError("transport", "records are lost");
      },
    });
    await source.start();
    await expect(source.poll(100, 1_000_000, 10_000)).rejects.toThrow("records are lost");
    expect(jumps[0]).toEqual([4, 10]);
    await source.stop();
    const groupId = freshPrefix();
    const consumer = client.consumer({ groupId, maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    let received = 0;
    await consumer.run({
      autoCommit: false,
      eachMessage: async () => {
        received++;
      },
    });
    consumer.seek({ topic, partition: 0, offset: "4" });
    await until("the silent reset", async () => received >= 10);
    await consumer.disconnect();
    const [committed] = await asked((admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
    expect(committed?.partitions).toMatchObject([{ partition: 0, offset: "-2" }]);
  });

  test("positions outside the topic are refused before anything is read", async () => {
    const world = await makeWorld(broker());
    const topic = world.plan.inputTopics[0] ?? "";
    const transport = world.transport();
    await transport.open();
    await transport.append(
      "a",
      Array.from({ length: 30 }, (_, n) => ({ topic, key: `${n}`, value: Buffer.from("{}"), headers: {} })),
    );
    const at = (partition: number, offset: number) => new Map([[topic, new Map([[partition, offset]])]]);
    await expect(transport.seek(at(0, 1_000))).rejects.toThrow(/ends at/);
    await expect(transport.seek(at(7, 0))).rejects.toThrow(/is not there/);
    await deleteBefore(topic, 5);
    await expect(transport.seek(at(0, 4))).rejects.toThrow(/oldest one there is 5/);
    await transport.seek(at(0, 5));
    await world.dispose();
  });

  test("CONCURRENT_TRANSACTIONS right after a commit costs 300 ms by default, and some with our waits", async () => {
    const ours: number[] = [];
    const log = pino({ level: "debug" }, { write: (line: string) => noteWait(ours, JSON.parse(line)) });
    await transactUntil(createKafka(kafkaConfig(broker().brokers), log), await makeTopic(), () => ours.length > 0);
    const theirs: number[] = [];
    const bare = new kafkajs.Kafka({
      brokers: [...broker().brokers],
      // Its default, but for NODE_ENV=test.
      retry: { initialRetryTime: 300 },
      logCreator: () => (entry) => noteWait(theirs, { ...entry.log, msg: entry.log.message }),
    });
    await transactUntil(bare, await makeTopic(), () => theirs.length > 0);
    expect(Math.max(...ours)).toBeLessThan(50);
    expect(Math.min(...theirs)).toBeGreaterThanOrEqual(240);
  }, 90_000);

  /** Keeps how long kafkajs sleeps before it tries a refused transaction again. */
  function noteWait(waits: number[], entry: { msg?: string; retryTime?: number; retryCount?: number }): void {
    const refused = entry.msg?.includes("concurrent operation on the same transaction") === true;
    if (refused && entry.retryCount === 0 && entry.retryTime !== undefined) waits.push(entry.retryTime);
  }

  /** Many partitions, so that the markers of a commit take the broker some time. */
  const WIDE = 50;

  async function commitThenOffsets(producer: Producer, topic: string): Promise<void> {
    const first = await producer.transaction();
    const messages = Array.from({ length: WIDE }, (_, partition) => ({ partition, key: "k", value: "v" }));
    await first.send({ topic, messages });
    await first.commit();
    const second = await producer.transaction();
    const partitions = [{ partition: 0, offset: "1" }];
    await second.sendOffsets({ consumerGroupId: freshPrefix(), topics: [{ topic, partitions }] });
    await second.abort();
  }

  test("offsets as the first request after a commit are refused and not tried again; a record first, and they are not", async () => {
    const topic = await makeTopic({}, WIDE);
    const producer = client.producer({ transactionalId: freshPrefix(), createPartitioner: explicit });
    await producer.connect();
    // The broker refuses only while it writes the markers of the commit: a race, so until it is lost once.
    let refused: unknown;
    for (let n = 0; n < 200 && refused === undefined; n++) {
      refused = await commitThenOffsets(producer, topic).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(refused).toMatchObject({ type: "CONCURRENT_TRANSACTIONS" });
    await producer.disconnect();
    const world = await makeWorld(broker());
    const transport = world.transport();
    await transport.open();
    await transport.fence();
    const positions = new Map([[world.plan.inputTopics[0] ?? "", new Map([[0, 0]])]]);
    for (let step = 0; step < 10; step++) {
      expect(await transport.publish({ records: [], progress: Buffer.from("p"), positions })).toBe("committed");
    }
    await world.dispose();
  });

  test("compressed input is read, and without a codec the CRASH ends the source with an error", async () => {
    const lines = Array.from({ length: 500 }, (_, n) => `key${n}\tvalue ${n} ${"ä".repeat(50)}`);
    const topics = new Map<string, string>();
    for (const codec of ["gzip", "snappy", "lz4", "zstd"]) {
      const topic = await makeTopic();
      topics.set(codec, topic);
      await broker().consoleProducer(topic, lines, codec);
      expect(await readOurs(topic)).toEqual(lines.map((line) => line.split("\t")[1]));
    }
    const codecs = kafkajs.CompressionCodecs as Record<number, unknown>;
    const kept = codecs[kafkajs.CompressionTypes.ZSTD];
    try {
      codecs[kafkajs.CompressionTypes.ZSTD] = () => {
        throw Object.assign(new Error("ZSTD compression not implemented"), {
          name: "KafkaJSNotImplemented",
          retriable: false,
        });
      };
      await expect(readOurs(topics.get("zstd") ?? "")).rejects.toMatchObject({ code: "transport" });
    } finally {
      codecs[kafkajs.CompressionTypes.ZSTD] = kept;
    }
  }, 120_000);
});

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what} did not happen`);
    await sleep(300);
  }
}
