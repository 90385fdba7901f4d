import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import type { Delta } from "../../src/events/delta.ts";
import { type EncodableEvent, encodeEvent, routeOf } from "../../src/events/encode-event.ts";
import type { AppendRecord, Transport } from "../../src/transport/transport.ts";
import { inboxFolder, leaveInInbox } from "../../src/worker/inbox.ts";
import { openWorker } from "../../src/worker/open-worker.ts";
import type { StepReport } from "../../src/worker/report.ts";
import type { Worker } from "../../src/worker/worker.ts";
import { MemoryBroker } from "../support/memory-broker.ts";
import { MemoryTransport } from "../support/memory-transport.ts";

const log = pino({ level: "silent" });
const NOW_MS = Date.UTC(2026, 0, 5, 9);
const INPUTS = { identities: "hr.identities", assignments: "iga.assignments", entitlements: "iga.entitlements" };

function recordOf(event: EncodableEvent): AppendRecord {
  const { channel, key } = routeOf(event);
  return { topic: INPUTS[channel as keyof typeof INPUTS], key, value: encodeEvent(event), headers: {} };
}

/** People of one city; all but the last hold the entitlement. */
function company(size: number, city = "San Jose"): AppendRecord[] {
  return Array.from({ length: size }, (_, i) => `${city}.${i}`).flatMap((user, i) => [
    recordOf({ type: "identity.upserted", user, attributes: [["CITY", [city]]] }),
    ...(i + 1 < size ? [recordOf({ type: "assignment.granted", user, entitlement: `${city} badge` })] : []),
  ]);
}

function parse(value: Uint8Array | null) {
  return JSON.parse(Buffer.from(value ?? []).toString());
}

describe("worker", () => {
  let folder: string;
  let broker: MemoryBroker;
  let nowMs: number;
  const workers: Worker[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "corollary-worker-"));
    nowMs = NOW_MS;
    broker = brokerWith({});
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.close();
    await rm(folder, { recursive: true });
  });

  function brokerWith(options: { markers?: boolean; recordBytesMax?: number }): MemoryBroker {
    const inputs = ["hr.identities", "iga.assignments", "iga.entitlements", "iga.requests", "iga.decisions"];
    const outputs = ["predictions", "recommendations", "flags", "rejects"];
    const made = new MemoryBroker({
      inputTopics: Object.fromEntries(inputs.map((topic) => [topic, 2])),
      outputTopics: Object.fromEntries(outputs.map((topic) => [topic, 2])),
      ...options,
    });
    made.nowMs = NOW_MS;
    return made;
  }
  async function open(sets: readonly string[] = [], acceptConfigChange = false): Promise<Worker> {
    const config = loadConfig({ sets: [`data=${folder}`, "step.waitMs=5", ...sets] });
    const transport: Transport = new MemoryTransport(broker, config.engine);
    const worker = await openWorker({ config, log, transport, now: () => nowMs, acceptConfigChange });
    workers.push(worker);
    return worker;
  }
  async function reopen(worker: Worker, sets: readonly string[] = [], acceptConfigChange = false): Promise<Worker> {
    await worker.close();
    workers.splice(workers.indexOf(worker), 1);
    return open(sets, acceptConfigChange);
  }
  const told = (topic: string) => broker.output(topic).map(({ value }) => (value === null ? null : parse(value)));

  it("turns events into deltas, and says what it did", async () => {
    const worker = await open();
    const reports: StepReport[] = [];
    worker.onStep((report) => reports.push(report));
    await worker.submit("company", company(6));
    const summary = await worker.runUntilQuiet();
    expect(summary).toMatchObject({
      records: 11,
      deltas: 6,
      counts: { applied: 11, unchanged: 0, late: 0, rejected: 0 },
    });
    const [recommendation] = told("recommendations");
    expect(recommendation).toMatchObject({
      type: "recommendation.upserted",
      user: "San Jose.5",
      entitlement: "San Jose badge",
      freqUnion: 5,
      freq: 6,
      confidence: 0.8333,
      rule: [{ attribute: "CITY", value: "San Jose" }],
      at: "2026-01-05T09:00:00Z",
    });
    expect(recommendation.asOf["hr.identities"].reduce((sum: number, n: number) => sum + n)).toBe(6);
    expect(reports.map(({ step }) => step)).toEqual(reports.map((_, i) => i + 1));
    expect(reports.flatMap(({ deltas }): readonly Delta[] => deltas)).toHaveLength(summary.deltas);
    expect(reports.at(-1)?.pending).toBe(0);
  });

  it("gives every record its place and its partition", async () => {
    const worker = await open();
    await worker.submit("company", [...company(5), ...company(5, "Austin")]);
    await worker.runUntilQuiet();
    const records = broker.transactions.flatMap(({ batch }) => batch.records);
    const places = records.map(({ headers }) => headers["cor"]);
    expect(new Set(places).size).toBe(records.length);
    expect(places[0]).toMatch(/^corollary\.1\.\d+\.0$/);
    for (const topic of ["predictions", "recommendations"]) {
      const found = new Set(
        broker.output(topic).map(({ value, partition }) => `${parse(value).entitlement}@${partition}`),
      );
      expect(found.size).toBe(2);
    }
  });

  it("starts a company by the batch path, and takes the next events one by one", async () => {
    const worker = await open(["step.recordsMax=4"]);
    const reports: StepReport[] = [];
    worker.onStep((report) => reports.push(report));
    await worker.submit("company", company(10));
    await worker.runUntilQuiet();
    expect(reports.slice(0, 4).every(({ catchUp, deltas }) => catchUp && deltas.length === 0)).toBe(true);
    await worker.submit("more", company(6, "Austin"));
    reports.length = 0;
    await worker.runUntilQuiet();
    expect(reports.some(({ catchUp }) => catchUp)).toBe(false);
  });

  it("goes on where it stopped, and says nothing twice", async () => {
    let worker = await open();
    await worker.submit("company", company(6));
    await worker.runUntilQuiet();
    const before = broker.transactions.length;
    worker = await reopen(worker);
    expect((await worker.runUntilQuiet()).steps).toBe(0);
    expect(broker.transactions.length).toBe(before);
    await worker.submit("company", company(6));
    expect((await worker.runUntilQuiet()).records).toBe(0);
    await worker.submit("leaver", [recordOf({ type: "identity.removed", user: "San Jose.0" })]);
    await worker.runUntilQuiet();
    expect(told("predictions")).toContain(null);
    expect(broker.transactions.length).toBeGreaterThan(before);
  });

  it("counts every input once: applied, unchanged, late or rejected", async () => {
    const worker = await open(["step.recordsMax=3"]);
    const joiner = { type: "identity.upserted", user: "u", attributes: [] } as const;
    await worker.submit("events", [
      recordOf({ ...joiner, id: "a", at: NOW_MS }),
      recordOf({ ...joiner, id: "a", at: NOW_MS }),
      recordOf({ ...joiner, at: NOW_MS }),
      recordOf({ type: "identity.removed", user: "u", at: NOW_MS - 1 }),
      recordOf({ type: "identity.removed", user: "u", at: NOW_MS + 11 * 60_000 }),
      { ...recordOf(joiner), value: Buffer.from("{") },
    ]);
    const { counts, records } = await worker.runUntilQuiet();
    expect(records).toBe(6);
    expect(counts).toEqual({ applied: 1, unchanged: 2, late: 1, rejected: 2 });
    const rejects = broker.output("rejects").map(({ headers }) => headers["__connect.errors.exception.message"]);
    expect(rejects.sort()).toEqual([
      expect.stringContaining("at: expected a time at most 10 minutes ahead"),
      expect.stringMatching(/^record: expected/),
    ]);
  });

  it("stops when it rejects too much, before anything of that step is committed", async () => {
    const worker = await open(["rejectsPerMinuteMax=2"]);
    const broken = { ...recordOf({ type: "identity.removed", user: "u" }), value: Buffer.from("nonsense") };
    await worker.submit("broken", [broken, broken, broken]);
    await expect(worker.runUntilQuiet()).rejects.toMatchObject({ code: "input" });
    await expect(worker.runUntilQuiet()).rejects.toMatchObject({ code: "input" });
    expect(broker.transactions).toEqual([]);
    const patient = await reopen(worker, ["rejectsPerMinuteMax=3"]);
    expect((await patient.runUntilQuiet()).counts.rejected).toBe(3);
  });

  it("takes what other processes leave in its inbox", async () => {
    const worker = await open();
    const end = new AbortController();
    const running = worker.run(end.signal);
    await leaveInInbox(inboxFolder(folder), "company", company(6), nowMs);
    worker.onStep(({ pending }) => {
      if (pending === 0) end.abort();
    });
    await running;
    expect(told("recommendations")).toHaveLength(1);
    expect(await readdir(inboxFolder(folder))).toEqual([]);
  });

  it("raises a flag when time comes, without input, and remembers the time", async () => {
    let worker = await open();
    const expiresAt = NOW_MS + 90_000;
    await worker.submit("events", [
      recordOf({ type: "identity.upserted", user: "u", attributes: [] }),
      recordOf({ type: "assignment.granted", user: "u", entitlement: "e", expiresAt }),
    ]);
    await worker.runUntilQuiet();
    expect(told("flags")).toEqual([]);
    nowMs = expiresAt + 60_000;
    await worker.runUntilQuiet();
    expect(told("flags")).toMatchObject([{ flags: [{ flag: "expired" }] }]);
    nowMs = NOW_MS;
    worker = await reopen(worker);
    expect((await worker.runUntilQuiet()).steps).toBe(0);
  });

  it("becomes quiet at once although control records follow the last record, and has read past them", async () => {
    broker = brokerWith({ markers: true });
    let worker = await open(["step.waitMs=1000"]);
    await worker.submit("company", company(6));
    await worker.runUntilQuiet();
    expect(told("recommendations")).toHaveLength(1);
    for (const { topic, partition, high } of broker.watermarks()) {
      expect(worker.standing.positions.get(topic)?.get(partition)).toBe(high);
      broker.deleteBefore(topic, partition, high);
    }
    const startedMs = performance.now();
    worker = await reopen(worker, ["step.waitMs=1000"]);
    expect((await worker.runUntilQuiet()).steps).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it("refuses other settings until it is told to accept them, and then publishes the difference", async () => {
    let worker = await open();
    await worker.submit("company", company(6));
    await worker.runUntilQuiet();
    await expect(reopen(worker, ["recommendThreshold=0.9"])).rejects.toMatchObject({ code: "config" });
    worker = await open(["recommendThreshold=0.9"], true);
    await worker.runUntilQuiet();
    expect(told("recommendations").at(-1)).toBeNull();
    worker = await reopen(worker, ["recommendThreshold=0.9"]);
    expect((await worker.runUntilQuiet()).steps).toBe(0);
  });

  it("says at the end that nothing is pending, although the last looks find nothing to tell", async () => {
    const worker = await open(["step.budgetRecords=1"]);
    const unused = Array.from({ length: 3 }, (_, i) => `unused ${i}`);
    const catalog = unused.map((entitlement) => recordOf({ type: "entitlement.upserted", entitlement }));
    await worker.submit("company", [...company(6), ...catalog]);
    await worker.runUntilQuiet();
    const pending = broker.transactions.map(({ batch }) => parse(batch.progress).pending);
    expect(pending.at(-1)).toBe(0);
    expect(pending.slice(0, -1)).not.toContain(0);
    const again = await reopen(worker);
    expect((await again.runUntilQuiet()).steps).toBe(0);
  });

  it("tells at once what many movers name, and settles what follows", async () => {
    const worker = await open();
    const cities = ["San Jose", "Austin"];
    await worker.submit(
      "company",
      cities.flatMap((city) => company(600, city)),
    );
    await worker.runUntilQuiet();
    const before = broker.transactions.length;
    const movers = Array.from({ length: 200 }, (_, i) => `San Jose.${i}`);
    const moved = movers.map((user) =>
      recordOf({ type: "identity.changed", user, attributes: [["CITY", ["Austin"]]] }),
    );
    await worker.submit("moves", moved);
    await worker.runUntilQuiet();
    const progress = broker.transactions.slice(before).map(({ batch }) => parse(batch.progress));
    expect(progress[0].pending).toBe(2);
    expect(progress.at(-1).pending).toBe(0);
    const lost = worker.engine.publishedView().predictions.filter(({ user }) => movers.includes(user));
    expect(lost).toHaveLength(200);
    expect(worker.engine.publishedView()).toMatchObject({
      predictions: worker.engine.exactView().predictions,
      recommendations: worker.engine.exactView().recommendations,
    });
  });

  it("ends at a step border soon after the signal, under load, and the restart goes on without a repeat", async () => {
    let worker = await open(["step.recordsMax=2", "catchUpLag=0", "step.budgetRecords=1"]);
    await worker.submit("company", Array.from({ length: 20 }, (_, i) => company(6, `City ${i}`)).flat());
    const end = new AbortController();
    let steps = 0;
    worker.onStep(() => {
      if (++steps === 10) end.abort();
    });
    const startedMs = performance.now();
    await worker.run(end.signal);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    // One was worked out while the tenth was published.
    expect(steps).toBe(11);
    // What is left is told at once, so each recommendation once.
    worker = await reopen(worker, ["catchUpLag=1"]);
    await worker.runUntilQuiet();
    const places = broker.transactions.flatMap(({ batch }) => batch.records.map(({ headers }) => headers["cor"]));
    expect(new Set(places).size).toBe(places.length);
    expect(told("recommendations")).toHaveLength(20);
  });

  it("ends at the signal although the broker is away", async () => {
    const config = loadConfig({ sets: [`data=${folder}`, "step.waitMs=5"] });
    const transport = new MemoryTransport(broker, "corollary", (point) =>
      point === "before publish" ? "aborted" : undefined,
    );
    const worker = await openWorker({ config, log, transport, now: () => nowMs });
    workers.push(worker);
    await worker.submit("company", company(6));
    const end = new AbortController();
    setTimeout(() => end.abort(), 200);
    await worker.run(end.signal);
    const next = await reopen(worker);
    await next.runUntilQuiet();
    expect(told("recommendations")).toHaveLength(1);
  });

  it.each(["before publish", "before inputWatermarks", "before poll"])(
    "ends within 10 s of the signal although the broker hangs (%s), and the next start goes on",
    async (hanging) => {
      const config = loadConfig({ sets: [`data=${folder}`, "step.waitMs=5"] });
      let hangs = false;
      const transport = new MemoryTransport(broker, "corollary", (point) =>
        hangs && point === hanging ? new Promise<undefined>(() => undefined) : undefined,
      );
      const worker = await openWorker({ config, log, transport, now: () => nowMs });
      await worker.submit("company", company(6));
      const end = new AbortController();
      hangs = true;
      const running = worker.runUntilQuiet(end.signal);
      setTimeout(() => end.abort("SIGTERM"), 100);
      const startedMs = performance.now();
      await running;
      await worker.close();
      expect(performance.now() - startedMs).toBeLessThan(10_000);
      const next = await open();
      await next.runUntilQuiet();
      expect(told("recommendations")).toHaveLength(1);
    },
  );

  it("ends a recovery at the signal, too", async () => {
    const config = loadConfig({ sets: [`data=${folder}`] });
    const transport = new MemoryTransport(broker, "corollary", (point) =>
      point === "before open" ? new Promise<undefined>(() => undefined) : undefined,
    );
    const startedMs = performance.now();
    await expect(openWorker({ config, log, transport, signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    await open();
  });

  it("restores the view from Avro topics, too", async () => {
    const worker = await open(["format=avro"]);
    await worker.submit("company", company(6));
    await worker.runUntilQuiet();
    const before = broker.transactions.length;
    await worker.close();
    workers.length = 0;
    await rm(folder, { recursive: true });
    const restored = await open(["format=avro"]);
    expect((await restored.runUntilQuiet()).deltas).toBe(0);
    expect(broker.transactions.length - before).toBeLessThanOrEqual(1);
    expect(restored.engine.publishedView().recommendations).toHaveLength(1);
  });
});
