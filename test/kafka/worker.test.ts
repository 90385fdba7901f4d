/** The worker on a live broker: how long it takes to be quiet, and to end. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Config, loadConfig } from "../../src/config.ts";
import { encodeEvent } from "../../src/events/encode-event.ts";
import { createTopics } from "../../src/transport/kafka/topics.ts";
import type { AppendRecord } from "../../src/transport/transport.ts";
import { openWorker } from "../../src/worker/open-worker.ts";
import { describeKafka } from "../support/kafka-broker.ts";
import { freshPrefix, silent, testClient } from "../support/kafka-fixture.ts";

describeKafka("the worker on Kafka", { own: true }, (broker) => {
  let folder: string;
  let config: Config;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "corollary-kafka-worker-"));
    const prefix = freshPrefix();
    const sets = [`data=${folder}`, "transport=kafka", `kafka.brokers=${broker().brokers.join()}`];
    config = loadConfig({ sets: [...sets, `engine=${prefix}engine`, `topics.prefix=${prefix}`] });
    const admin = testClient(broker()).admin();
    await admin.connect();
    const { prefix: _, partitions, progress, audit, rejects, ...others } = config.topics;
    const { predictions, recommendations, flags, actions, ...inputs } = others;
    const named = (topics: readonly string[]) => topics.map((topic) => prefix + topic);
    await createTopics(
      admin,
      {
        inputTopics: named(Object.values(inputs)),
        outputTopics: named([predictions, recommendations, flags, actions]),
        logTopics: named([audit, rejects]),
        progressTopic: prefix + progress,
      },
      { inputPartitions: 2, outputPartitions: partitions, replicationFactor: 1 },
    );
    await admin.disconnect();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const open = () => openWorker({ config, log: silent });
  const joiners = (from: number, count: number): AppendRecord[] =>
    Array.from({ length: count }, (_, i) => `user ${from + i}`).map((user) => ({
      topic: config.topics.prefix + config.topics.identities,
      key: user,
      value: encodeEvent({ type: "identity.upserted", user, attributes: [["CITY", ["San Jose"]]] }),
      headers: {},
    }));

  test("is quiet as soon as all is read, although transactions end in records that nobody gets", async () => {
    const first = await open();
    await first.submit("joiners", joiners(0, 50));
    expect((await first.runUntilQuiet()).records).toBe(50);
    const startedMs = performance.now();
    expect((await first.runUntilQuiet()).records).toBe(50);
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    await first.close();

    const second = await open();
    const openedMs = performance.now();
    expect((await second.runUntilQuiet()).steps).toBe(0);
    const quietMs = performance.now() - openedMs;
    console.log(`a restart with nothing to do is quiet after ${Math.round(quietMs)} ms`);
    expect(quietMs).toBeLessThan(1_500);
    await second.close();
  }, 60_000);
});
