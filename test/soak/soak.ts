/**
 * The whole promise under fire: a producer that is not ours, the built worker, seeded blows at both it and the broker,
 * and at the end the judgement of Kafka's own console consumer.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { CompanyLife } from "../e2e-kafka/company-life.ts";
import { differences } from "../e2e-kafka/listing.ts";
import { readListing, readOutputs } from "../e2e-kafka/outputs.ts";
import { Stage } from "../e2e-kafka/stage.ts";
import type { Broker, KafkaVersion } from "../support/kafka-broker.ts";
import { freshPrefix, testClient } from "../support/kafka-fixture.ts";
import { kafkaJars } from "../support/kafka-java-broker.ts";
import { RandomSource } from "../support/random-source.ts";
import { type BlowCounts, Blows } from "./blows.ts";

export interface SoakOptions {
  readonly minutes: number;
  /** It goes on beyond the minutes until there were so many. */
  readonly killsMin: number;
  readonly seed: number;
  readonly eventsPerSecond: number;
  readonly version: KafkaVersion;
}

export interface SoakResult {
  readonly passed: boolean;
  /** Counts and the judgement. */
  readonly line: string;
  readonly problems: readonly string[];
  readonly counts: BlowCounts;
}

const PEOPLE = 150;
/** Founding and some life, so that the blows meet a company. */
const EVENTS_AT_ONCE = 3_000;
const TRANSACTION_TIMEOUT_MS = 2_000;
const SENDS_PER_SECOND = 5;
const QUIET_MS = 600_000;
const SAY_EVERY_MS = 30_000;

/** `broker`: of its own, since it is killed and restarted. */
export async function soak(broker: Broker, options: SoakOptions, say: (line: string) => void): Promise<SoakResult> {
  const { seed, version } = options;
  const stage = await Stage.open({
    kafka: testClient(broker),
    brokers: broker.brokers,
    jars: await kafkaJars(version),
    prefix: freshPrefix(),
    format: "json",
    settings: { materiality: 0.01 },
    transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
  });
  const stop = new AbortController();
  try {
    const life = new CompanyLife(PEOPLE, seed);
    await stage.feed.send(life.next(EVENTS_AT_ONCE));
    const producing = produce(stage, life, options.eventsPerSecond, stop.signal);
    const blows = new Blows(stage, broker, new RandomSource(seed), TRANSACTION_TIMEOUT_MS);
    await Promise.race([strike(blows, options, say), producing]);
    stop.abort();
    await producing;
    say("the producer has ended; waiting for quiet");
    const { counts } = await stage.finish(blows.worker(), QUIET_MS);
    say("quiet; reading the output topics");
    const read = counts.applied + counts.unchanged + counts.late + counts.rejected;
    return await judge(stage, options, blows, read);
  } finally {
    stop.abort();
    await stage.close();
  }
}

async function strike(blows: Blows, { minutes, killsMin }: SoakOptions, say: (line: string) => void): Promise<void> {
  const start = Date.now();
  let saidAt = start;
  while (Date.now() - start < minutes * 60_000 || blows.counts.kills < killsMin) {
    await blows.strike();
    if (Date.now() - saidAt < SAY_EVERY_MS) continue;
    saidAt = Date.now();
    say(`${Math.round((saidAt - start) / 1_000)} s: ${JSON.stringify(blows.counts)}`);
  }
}

/** Sends again what was not acknowledged; the ids of the events make that harmless. */
async function produce(stage: Stage, life: CompanyLife, eventsPerSecond: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const events = life.next(Math.ceil(eventsPerSecond / SENDS_PER_SECOND));
    for (let sent = false; !sent; ) {
      sent = await stage.feed.send(events).then(
        () => true,
        () => false,
      );
      await sleep(1_000 / SENDS_PER_SECOND);
    }
  }
}

async function judge(stage: Stage, options: SoakOptions, blows: Blows, read: number): Promise<SoakResult> {
  const unread = (await stage.inputCount()) - read;
  const steps = (await stage.folder.head())?.step ?? 0;
  const { sequence, listing } = await readOutputs(stage.source, steps);
  const view = differences(listing, await stage.published());
  await stage.folder.command(["verify"]);
  await stage.folder.command(["reconcile"]);
  const exact = await stage.exact();
  const told = await readListing(stage.source, (found) => differences(found.listing, exact).length === 0);
  view.push(...differences(told.listing, exact), ...differences(exact, await stage.oracle()));

  const problems = [...blows.problems, ...sequence.problems, ...view];
  if (sequence.steps !== steps) problems.push(`${sequence.steps} steps in the topics, ${steps} in the state`);
  if (unread !== 0) problems.push(`${unread} input records more in the topics than the worker counts`);
  const { kills, pauses, terms, brokerRestarts } = blows.counts;
  const line =
    `Kafka ${options.version}, seed ${options.seed}: ${kills} kills, ${pauses} pauses beyond the transaction timeout, ` +
    `${brokerRestarts} broker restarts, ${terms} orderly ends; ${read} records in, ${sequence.steps} steps, ` +
    `${sequence.records} records out: ${sequence.lost + Math.max(0, unread)} lost, ${sequence.repeated} repeated, ` +
    `view ${view.length === 0 ? "equal" : "DIFFERS"}${problems.length === 0 ? "" : `, ${problems.length} problems`}`;
  return { passed: problems.length === 0, line, problems, counts: blows.counts };
}
