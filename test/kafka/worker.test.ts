/** The worker on a live broker: how long it takes to be quiet, and to end. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Config } from "../../src/config/keys.ts";
import { loadConfig } from "../../src/config.ts";
import { encodeEvent } from "../../src/events/encode-event.ts";
import { createTopics } from "../../src/transport/kafka/topics.ts";
import type { AppendRecord } from "../../src/transport/transport.ts";
import { inboxFolder, leaveInInbox } from "../../src/worker/inbox.ts";
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

  test.each(["killed", "stalled"])(
    "ends within 10 s of the signal while the broker is %s",
    async (state) => {
      const worker = await open();
      await worker.submit("joiners", joiners(0, 500));
      await worker.runUntilQuiet();
      const end = new AbortController();
      const running = worker.run(end.signal);
      if (state === "killed") await broker().kill();
      else broker().pause();
      await leaveInInbox(inboxFolder(folder), "more", joiners(500, 10), Date.now());
      await pause(2_000);
      const signalledMs = performance.now();
      end.abort("SIGTERM");
      await running;
      await worker.close();
      const endMs = performance.now() - signalledMs;
      console.log(`ended ${Math.round(endMs)} ms after the signal`);
      expect(endMs).toBeLessThan(10_000);

      const startedMs = performance.now();
      await expect(openWorker({ config, log: silent, signal: AbortSignal.timeout(500) })).rejects.toMatchObject({
        name: "AbortError",
      });
      expect(performance.now() - startedMs).toBeLessThan(10_000);
      if (state === "killed") await broker().restart();
      else broker().resume();
      const next = await open();
      await next.runUntilQuiet();
      expect(next.standing.counts).toMatchObject({ applied: 510, unchanged: 0 });
      await next.close();
    },
    120_000,
  );

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
