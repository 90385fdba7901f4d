/** Two workers on one shard, started at once, ten times: one goes on, the other stops and says so, outputs stay exact. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { EXIT_CODES } from "../../src/errors.ts";
import { type Broker, DEFAULT_VERSION, describeKafka } from "../support/kafka-broker.ts";
import { freshPrefix, testClient } from "../support/kafka-fixture.ts";
import { kafkaJars } from "../support/kafka-java-broker.ts";
import { CompanyLife } from "./company-life.ts";
import type { WorkerProcess } from "./engine-folder.ts";
import { differences } from "./listing.ts";
import { readListing, readOutputs } from "./outputs.ts";
import { Stage } from "./stage.ts";

const ROUNDS = 10;
const PEOPLE = 100;
const WAIT_MS = 120_000;

describeKafka("two workers of one engine, started at once", {}, (broker) => {
  test("with a state of their own each: one is fenced", () => play(broker()), 600_000);

  test("on the same state: one finds it locked", async () => {
    const { stage } = await openStage(broker());
    try {
      const rivals = [stage.folder.run(), stage.folder.run()];
      const [loser, survivor] = await firstEnd(rivals, async () => sleep(100));
      expect(loser.end?.code).toBe(EXIT_CODES.locked);
      expect(loser.errors).toMatch(/in use by process \d+/);
      await stage.finish(survivor, WAIT_MS);
    } finally {
      await stage.close();
    }
  }, 120_000);
});

async function openStage(broker: Broker) {
  const stage = await Stage.open({
    kafka: testClient(broker),
    brokers: broker.brokers,
    jars: await kafkaJars(DEFAULT_VERSION),
    prefix: freshPrefix(),
    format: "json",
    settings: { materiality: 0.01, step: { recordsMax: 100 } },
  });
  const life = new CompanyLife(PEOPLE, 1);
  await stage.feed.send(life.next(1_500));
  return { stage, life };
}

async function play(broker: Broker): Promise<void> {
  const { stage, life } = await openStage(broker);
  const { folder } = stage;
  try {
    await stage.finish(folder.run(), WAIT_MS);
    for (let round = 1; round <= ROUNDS; round++) {
      const [first, second] = [folder.data, `state-${round}`];
      if (round % 2 === 0) cpSync(join(folder.path, first), join(folder.path, second), { recursive: true });
      const rivals = new Map([first, second].map((data) => [folder.run(data), data]));
      const [loser, survivor] = await firstEnd([...rivals.keys()], async () => {
        await stage.feed.send(life.next(10));
        await sleep(50);
      });
      expect(loser.end?.code, loser.errors).toBe(EXIT_CODES.fenced);
      expect(loser.errors).toContain("another worker with this engine name took over");
      folder.data = rivals.get(survivor) ?? "";
      await stage.feed.send(life.next(100));
      await stage.finish(survivor, WAIT_MS);
      rmSync(join(folder.path, rivals.get(loser) ?? ""), { recursive: true });
    }
    await checkOutputs(stage);
  } finally {
    await stage.close();
  }
}

/** The one that ends, and the other; `meanwhile` is done again and again. */
async function firstEnd(
  rivals: readonly WorkerProcess[],
  meanwhile: () => Promise<void>,
): Promise<readonly [loser: WorkerProcess, survivor: WorkerProcess]> {
  const deadline = Date.now() + WAIT_MS;
  while (rivals.every(({ isRunning }) => isRunning)) {
    if (Date.now() > deadline) throw new Error(`both run on: ${rivals.map(({ errors }) => errors).join("\n---\n")}`);
    await meanwhile();
  }
  const loser = rivals.find(({ isRunning }) => !isRunning);
  const survivor = rivals.find(({ isRunning }) => isRunning);
  if (loser === undefined || survivor === undefined)
    throw new Error(`both ended: ${rivals.map(({ errors }) => errors).join("\n---\n")}`);
  return [loser, survivor];
}

async function checkOutputs(stage: Stage): Promise<void> {
  const steps = (await stage.folder.head())?.step ?? 0;
  const { sequence, listing } = await readOutputs(stage.source, steps);
  expect(sequence).toMatchObject({ steps, lost: 0, repeated: 0, problems: [] });
  expect(differences(listing, await stage.published())).toEqual([]);
  await stage.folder.command(["reconcile"]);
  const exact = await stage.exact();
  const told = await readListing(stage.source, (found) => differences(found.listing, exact).length === 0);
  expect(differences(told.listing, exact)).toEqual([]);
  expect(differences(exact, await stage.oracle())).toEqual([]);
}
