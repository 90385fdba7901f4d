/** What a stream of inputs comes to does not depend on how it is cut into steps, nor on when they are made. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { type EncodableEvent, encodeEvent } from "../../src/events/encode-event.ts";
import { openWorker } from "../../src/worker/open-worker.ts";
import { MemoryBroker } from "../support/memory-broker.ts";
import { MemoryTransport } from "../support/memory-transport.ts";
import { RandomSource } from "../support/random-source.ts";

const log = pino({ level: "silent" });
const START_MS = Date.UTC(2026, 0, 5, 9);
const MINUTE_MS = 60_000;
const IDENTITIES = "hr.identities";
const ASSIGNMENTS = "iga.assignments";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "corollary-cuts-"));
});
afterEach(() => rm(folder, { recursive: true }));

interface Written {
  readonly event: EncodableEvent;
  readonly recordAtMs: number;
}

/** Few ids, used again and again by refused events and by good ones. */
function randomEvents(seed: number): Written[] {
  const random = new RandomSource(seed);
  let recordAtMs = START_MS;
  return Array.from({ length: 120 }, () => {
    recordAtMs += random.between(0, 300) * MINUTE_MS;
    const user = `user ${random.between(0, 3)}`;
    const entitlement = `entitlement ${random.between(0, 1)}`;
    const at = random.weighted({ none: 5, now: 2, ahead: 3 });
    const base = {
      ...(at === "none" ? {} : { at: recordAtMs + (at === "ahead" ? 20 * MINUTE_MS : 0) }),
      ...(random.chance(0.8) ? { id: `event ${random.between(0, 4)}` } : {}),
    };
    const values = Array.from({ length: random.pick([1, 33]) }, () => String(random.between(0, 999)));
    const attributes = [["CITY", [...new Set(values)]]] as const;
    const event = random.pick<EncodableEvent>([
      { ...base, type: "identity.upserted", user, attributes },
      { ...base, type: "identity.changed", user, attributes },
      { ...base, type: "identity.removed", user },
      { ...base, type: "assignment.granted", user, entitlement },
      { ...base, type: "assignment.revoked", user, entitlement },
    ]);
    return { event, recordAtMs };
  });
}

function newBroker(): MemoryBroker {
  return new MemoryBroker({
    inputTopics: { [IDENTITIES]: 1, [ASSIGNMENTS]: 1 },
    outputTopics: { predictions: 1, recommendations: 1, flags: 1, rejects: 1 },
  });
}

async function outcomeOf(written: readonly Written[], recordsMax: number) {
  const broker = newBroker();
  for (const { event, recordAtMs } of written) {
    broker.nowMs = recordAtMs;
    const topic = event.type.startsWith("identity.") ? IDENTITIES : ASSIGNMENTS;
    // An id belongs to one partition: which of two partitions is read first is nobody's promise.
    const id = event.id === undefined ? {} : { id: `${topic} ${event.id}` };
    broker.produce(topic, 0, { key: null, value: encodeEvent({ ...event, ...id }), headers: {} });
  }
  const data = join(folder, String(recordsMax));
  const config = loadConfig({
    sets: [`data=${data}`, "dedupDays=1", "step.waitMs=0", `step.recordsMax=${recordsMax}`],
  });
  let readAtMs = START_MS;
  const worker = await openWorker({
    config,
    log,
    transport: new MemoryTransport(broker, config.engine),
    now: () => (readAtMs += 7 * MINUTE_MS),
  });
  const { counts, steps } = await worker.runUntilQuiet();
  const tables = worker.engine.tables();
  const { positions } = worker.standing;
  await worker.close();
  return {
    steps,
    outcome: {
      counts,
      positions,
      identities: tables.identities.toSorted((a, b) => (a.user < b.user ? -1 : 1)),
      assignments: tables.assignments.map((row) => JSON.stringify(row)).sort(),
      rejects: broker
        .output("rejects")
        .map(({ value, headers }) => JSON.stringify([Buffer.from(value ?? []).toString(), { ...headers, cor: null }]))
        .sort(),
    },
  };
}

it.each(Array.from({ length: 6 }, (_, seed) => seed))("in steps of 1, 2, 7 and all: seed %i", async (seed) => {
  const written = randomEvents(seed);
  const whole = await outcomeOf(written, 1_000);
  expect(whole.outcome.counts.rejected).toBeGreaterThan(3);
  expect(whole.outcome.rejects).toHaveLength(whole.outcome.counts.rejected);
  for (const recordsMax of [1, 2, 7]) {
    const cut = await outcomeOf(written, recordsMax);
    expect(cut.steps).toBeGreaterThan(whole.steps);
    expect(cut.outcome).toEqual(whole.outcome);
  }
});

it("nor on whether it is read live or, after the state is lost, again: an event a little ahead of its record", async () => {
  const broker = newBroker();
  const tables = [];
  for (const [data, lateMinutes] of [
    ["live", 3],
    ["lost", 60],
  ] as const) {
    const config = loadConfig({ sets: [`data=${join(folder, data)}`, "step.waitMs=0"] });
    const transport = new MemoryTransport(broker, config.engine);
    const now = () => broker.nowMs + lateMinutes * MINUTE_MS;
    const worker = await openWorker({ config, log, transport, now });
    if (data === "live") {
      for (const ahead of [9, 10, 11, 12]) {
        broker.nowMs = START_MS + ahead * 1_000;
        const at = broker.nowMs + ahead * MINUTE_MS;
        const event = { type: "identity.upserted", user: `${ahead} minutes`, attributes: [], at } as const;
        broker.produce(IDENTITIES, 0, { key: null, value: encodeEvent(event), headers: {} });
      }
    }
    await worker.runUntilQuiet();
    tables.push({ ...worker.engine.tables(), clockMinute: 0 });
    expect(worker.standing.counts).toMatchObject({ applied: 2, rejected: 2 });
    await worker.close();
  }
  expect(tables[1]).toEqual(tables[0]);
  expect(broker.output("rejects")).toHaveLength(2);
});
