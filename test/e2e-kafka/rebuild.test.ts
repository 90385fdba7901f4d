/**
 * A company's life through a real broker and the built command, restarted ten times in mid-stream: a consumer that is not
 * ours rebuilds the published view from the changelogs, before and after they were compacted.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { StoredHead } from "../../src/state/store.ts";
import { type Broker, DEFAULT_VERSION, describeKafka } from "../support/kafka-broker.ts";
import { freshPrefix, testClient } from "../support/kafka-fixture.ts";
import { kafkaJars } from "../support/kafka-java-broker.ts";
import { RandomSource } from "../support/random-source.ts";
import { CompanyLife } from "./company-life.ts";
import type { WorkerProcess } from "./engine-folder.ts";
import { differences } from "./listing.ts";
import { CHANGELOGS, type Changelogs, type Outputs, readListing, readOutputs } from "./outputs.ts";
import { Stage } from "./stage.ts";

const SEED = Number(process.env["E2E_SEED"] ?? 1);
const EVENTS = 20_000;
const PEOPLE = 250;
const RESTARTS = 10;
const BROKEN = 20;
const QUIET_MS = 300_000;
const TEST_MS = 900_000;
const ALWAYS_COMPACTING = {
  "cleanup.policy": "compact",
  "min.compaction.lag.ms": "0",
  "min.cleanable.dirty.ratio": "0.01",
  "segment.ms": "500",
  "delete.retention.ms": "0",
};

describeKafka("the changelogs, by Kafka's own console consumer", {}, (broker) => {
  test("JSON, materiality 0", () => play(broker(), "json", 0), TEST_MS);
  test("Avro, materiality 0.01", () => play(broker(), "avro", 0.01), TEST_MS);
});

async function play(broker: Broker, format: "json" | "avro", materiality: number): Promise<void> {
  const stage = await Stage.open({
    kafka: testClient(broker),
    brokers: broker.brokers,
    jars: await kafkaJars(DEFAULT_VERSION),
    prefix: freshPrefix(),
    format,
    settings: { materiality, step: { recordsMax: 100 } },
  });
  try {
    const life = new CompanyLife(PEOPLE, SEED);
    const restarts = await streamWithRestarts(stage, life, new RandomSource(SEED));
    const whole = await checkPublished(stage);
    expect(restarts.inMidStream).toBeGreaterThanOrEqual(RESTARTS - 2);
    await checkReconciled(stage);

    await startCompacting(stage);
    await stage.feed.send(life.next(500));
    await stage.finish(stage.folder.run(), QUIET_MS);
    const compacted = await readCompacted(stage, whole);
    expect(differences(compacted.listing, await stage.published())).toEqual([]);
    await checkReconciled(stage);

    const { steps, records, epochs } = whole.sequence;
    console.log(
      `${format}, materiality ${materiality}: ${EVENTS} events, ${RESTARTS} restarts (${restarts.kills} kill -9), ` +
        `${epochs} epochs, ${steps} steps, ${records} records; compaction ${sum(whole)} → ${sum(compacted)}`,
    );
  } finally {
    await stage.close();
  }
}

/** Slices of the stream, each to a worker that is ended some steps later, whatever it has in hand. */
async function streamWithRestarts(stage: Stage, life: CompanyLife, random: RandomSource) {
  let [kills, inMidStream] = [0, 0];
  const slice = Math.ceil(EVENTS / (RESTARTS + 1));
  for (let restart = 0; restart < RESTARTS; restart++) {
    const worker = stage.folder.run();
    const before = await stage.progressEnd();
    await stage.feed.send(life.next(slice));
    await stage.feed.sendBroken(BROKEN / RESTARTS);
    await stepsLater(stage, worker, before, random.between(4, 24));
    await sleep(random.between(0, 200));
    const signal = random.chance(0.6) ? "SIGKILL" : "SIGTERM";
    const end = await worker.kill(signal);
    expect(end, worker.errors).toEqual(signal === "SIGKILL" ? { code: null, signal } : { code: 0, signal: null });
    if (signal === "SIGKILL") kills++;
    const head = await stage.folder.head();
    if (head === null || eventsOf(head) < stage.feed.sent.length) inMidStream++;
  }
  await stage.feed.send(life.next(EVENTS - stage.feed.sent.length));
  const head = await stage.finish(stage.folder.run(), QUIET_MS);
  // A plain producer may write a record twice; each is counted, the second as unchanged.
  expect(eventsOf(head) + head.counts.rejected).toBe(await stage.inputCount());
  expect(eventsOf(head)).toBeGreaterThanOrEqual(EVENTS);
  expect(head.counts.rejected).toBeGreaterThanOrEqual(BROKEN);
  return { kills, inMidStream };
}

function eventsOf({ counts }: StoredHead): number {
  return counts.applied + counts.unchanged + counts.late;
}

/** The mark of a new owner and each step add two offsets. */
async function stepsLater(stage: Stage, worker: WorkerProcess, before: number, steps: number): Promise<void> {
  while ((await stage.progressEnd()) < before + 2 + 2 * steps) {
    if (!worker.isRunning) throw new Error(`the worker ended by itself: ${worker.errors}`);
    await sleep(100);
  }
}

async function checkPublished(stage: Stage): Promise<Outputs> {
  const steps = (await stage.folder.head())?.step ?? 0;
  const outputs = await readOutputs(stage.source, steps);
  expect(outputs.sequence).toMatchObject({ steps, lost: 0, repeated: 0, problems: [] });
  expect(differences(outputs.listing, await stage.published())).toEqual([]);
  return outputs;
}

async function checkReconciled(stage: Stage): Promise<void> {
  await stage.folder.command(["reconcile"]);
  await stage.finish(stage.folder.run(), QUIET_MS);
  const exact = await stage.exact();
  expect(differences(exact, await stage.oracle())).toEqual([]);
  const told = await readListing(stage.source, ({ listing }) => differences(listing, exact).length === 0);
  expect(differences(told.listing, exact)).toEqual([]);
}

async function startCompacting(stage: Stage): Promise<void> {
  const configEntries = Object.entries(ALWAYS_COMPACTING).map(([name, value]) => ({ name, value }));
  const resources = CHANGELOGS.map((name) => ({ type: 2, name: `${stage.source.prefix}${name}`, configEntries }));
  await stage.ask((admin) => admin.alterConfigs({ validateOnly: false, resources }));
}

async function readCompacted(stage: Stage, whole: Changelogs): Promise<Changelogs> {
  for (let tries = 1; ; tries++) {
    const found = await readListing(stage.source, () => true);
    const fewer = CHANGELOGS.every((name) => (found.counts[name] ?? 0) < (whole.counts[name] ?? 0) / 2);
    if (fewer) return found;
    if (tries === 8) throw new Error(`not compacted: ${JSON.stringify([whole.counts, found.counts])}`);
    await sleep(1_000);
  }
}

function sum({ counts }: Changelogs): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}
