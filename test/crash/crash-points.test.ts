/** Each crash point of docs/OPERATIONS.md by its name: what happens there, and what the next start does about it. */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import { openStore } from "../../src/state/sqlite-store.ts";
import type { Store } from "../../src/state/store.ts";
import { unpackPieces } from "../../src/transport/frames.ts";
import { recordBytes } from "../../src/worker/outbox.ts";
import { SimulatedCrash } from "../support/memory-transport.ts";
import { slowToPublish, transportWith } from "./canaries.ts";
import { faultsOf, snapshotOf } from "./check.ts";
import { lastOf, type Recording, record, recordRestored } from "./enumerate.ts";
import { type FaultKind, FaultPlan } from "./fault-plan.ts";
import { recordOf, scenario, type Wave } from "./scenario.ts";
import { type Mutation, World } from "./world.ts";

const DAY_MS = 24 * 3_600_000;
const SETTINGS = ["materiality=0", "step.recordsMax=5", "step.budgetRecords=3", "step.waitMs=0"];

describe("crash points", () => {
  let recordings: Recording[];
  const worlds: World[] = [];
  beforeAll(async () => {
    const world = World.create("memory", SETTINGS);
    recordings = await record(world, scenario(12, 4, 8));
    return async () => {
      for (const { before } of [...recordings, { before: world }]) await before.remove();
    };
  }, 60_000);
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.remove();
  });

  const fork = async (recording: Recording, state?: World | "lost"): Promise<World> => {
    const world = recording.before.fork(state);
    worlds.push(world);
    return world;
  };
  /** The plan with a fault at the n-th time that the last wave passes a point. */
  const planFor = (point: string, kind: FaultKind, nth = 1): FaultPlan => {
    const indexes = lastOf(recordings).points.flatMap((passed, index) => (passed === point ? [index] : []));
    return new FaultPlan([{ index: indexes[nth] ?? -1, kind }]);
  };
  const playLast = async (plan: FaultPlan, mutation?: Mutation): Promise<World> => {
    const recording = lastOf(recordings);
    const world = await fork(recording);
    await world.play(recording.wave, plan, mutation);
    expect(faultsOf(await snapshotOf(world), recording.after, recording.exactView)).toEqual([]);
    return world;
  };
  /** Plays the last wave until it crashes there. */
  const crashLast = async (point: string, kind: FaultKind = "crash"): Promise<World> => {
    const recording = lastOf(recordings);
    const world = await fork(recording);
    await expect(playOnce(world, recording.wave, planFor(point, kind))).rejects.toThrow("simulated crash");
    world.crash();
    return world;
  };
  const emptyBroker = async () => {
    const world = World.create("memory", SETTINGS);
    worlds.push(world);
    return world.broker;
  };
  const refusal = async (world: World): Promise<AppError> => {
    const error = await world.start().catch((reason: unknown) => reason);
    if (!(error instanceof AppError)) throw new TypeError(`no refusal, but ${String(error)}`);
    expect(error.hint).not.toBeNull();
    return error;
  };

  it.each([0, 1, 2])("C0: before the SQLite commit %i — nothing happened, the inputs are read again", async (nth) => {
    await playLast(planFor("before store.commit", "crash", nth));
  });

  it.each([
    ["did not take effect", false],
    ["took effect", true],
  ])("C1: inside the SQLite commit, which %s", async (_, took) => {
    let isFirst = true;
    const mutation: Mutation = {
      name: "dies in commit",
      store: (store) => ({
        ...store,
        commit: async (step, mayCommit) => {
          if (!isFirst) return store.commit(step, mayCommit);
          isFirst = false;
          if (took) await store.commit(step, mayCommit);
          throw new SimulatedCrash("in commit");
        },
      }),
    };
    await playLast(new FaultPlan(), mutation);
  });

  it("C2: after SQLite, before Kafka — the outbox goes out verbatim", async () => {
    const world = await crashLast("after store.commit");
    const fixed = await storedOutbox(world);
    await (await world.start()).close();
    const sent = world.broker.transactions.at(-1)?.batch;
    expect(Buffer.from(sent?.progress ?? [])).toEqual(Buffer.from(fixed?.progress ?? []));
    expect(sent?.records).toEqual(unpackPieces(fixed?.chunks ?? []));
  });

  it("C3: inside the Kafka transaction — fencing ends it, then as C2", async () => {
    const world = await crashLast("publish staged");
    const before = world.broker.transactions.length;
    await (await world.start()).close();
    expect(world.broker.transactions.length).toBe(before + 1);
    await playLast(planFor("publish staged", "crash"));
  });

  it.each<[FaultKind, string]>([
    ["unknown", "publish sent"],
    ["unknown", "publish staged"],
    ["in-flight", "before publish"],
    ["in-flight", "publish staged"],
  ])("C4: the answer to the commit is lost (%s, %s) — fence, look, then C2 or C5", async (kind, point) => {
    await playLast(planFor(point, kind));
  });

  it.each<[FaultKind, string]>([
    ["crash", "before publish"],
    ["crash", "publish staged"],
    ["crash", "publish sent"],
    ["aborted", "publish staged"],
    ["unknown", "publish sent"],
  ])(
    "C3 to C5 while the next step is written (%s, %s) — that takes effect afterwards, or never",
    async (kind, point) => {
      const mutation: Mutation = { name: "slow to publish", transport: slowToPublish };
      for (const nth of [0, 1, 2]) await playLast(planFor(point, kind, nth), mutation);
    },
  );

  it("C5: Kafka committed, not marked — marked, and sent no more", async () => {
    const world = await crashLast("after publish");
    const before = world.broker.transactions.length;
    await (await world.start()).close();
    expect(world.broker.transactions.length).toBe(before);
    await playLast(planFor("after publish", "crash"));
  });

  it.each([0, 1, 2, 3])("C6: the state is a backup from wave %i — replayed and restored", async (backup) => {
    await (await recordRestored(recordings, backup)).before.remove();
  });

  it("C6: the inputs in between are gone — refused, with what to do", async () => {
    const world = await fork(lastOf(recordings), recordings[1]?.before);
    const { topic, partition, high } = busiest(world);
    world.broker.deleteBefore(topic, partition, high);
    const error = await refusal(world);
    expect(error).toMatchObject({ code: "state" });
    expect(error.message).toContain("are needed and no longer there");
    expect(error.hint).toContain("backup");
  });

  it("C7: the state is lost — rebuilt from the inputs and the published topics", async () => {
    await (await recordRestored(recordings, "lost")).before.remove();
  });

  it.each([6, 8])(
    "C7: an event that came again after %i days, and was read late, is judged as before",
    async (days) => {
      const world = World.create("memory", [...SETTINGS, "step.recordsMax=1"]);
      worlds.push(world);
      const [opening] = scenario(12, 0, 0) as [Wave];
      const pair = { user: "u", entitlement: "e" };
      const grant = recordOf({ type: "assignment.granted", ...pair, id: "once" });
      const revoke = recordOf({ type: "assignment.revoked", ...pair });
      await world.play({ ...opening, name: "granted", records: [grant] });
      world.broker.nowMs += days * DAY_MS;
      world.broker.append("again", [revoke, revoke, grant]);
      const late: Wave = { name: "late", atMs: opening.atMs + 30 * DAY_MS, records: [revoke] };
      await world.play({ ...late, name: "read late", records: [] });
      const rebuilt = world.fork("lost");
      worlds.push(rebuilt);
      await rebuilt.play(late);
      await world.play(late);
      expect(faultsOf(await snapshotOf(rebuilt), await snapshotOf(world), null)).toEqual([]);
      const { unchanged } = JSON.parse((await snapshotOf(world)).counts);
      expect(unchanged).toBe(days < 7 ? 3 : 1);
    },
  );

  it("C7: the oldest inputs are gone — refused, with what to do", async () => {
    const world = await fork(lastOf(recordings), "lost");
    const { topic, partition } = busiest(world);
    world.broker.deleteBefore(topic, partition, 1);
    expect(await refusal(world)).toMatchObject({ code: "state", hint: expect.stringContaining("backup") });
  });

  it("C8: fenced by a rival — stops at once and writes nothing", async () => {
    const recording = lastOf(recordings);
    const world = await fork(recording);
    world.nowMs = recording.wave.atMs;
    world.broker.nowMs = recording.wave.atMs;
    const loser = await world.start();
    await loser.submit(recording.wave.name, recording.wave.records);
    const rival = world.twin();
    worlds.push(rival);
    const winner = await rival.start();
    const before = world.broker.transactions.length;
    await expect(loser.runUntilQuiet()).rejects.toMatchObject({ code: "fenced" });
    await expect(loser.runUntilQuiet()).rejects.toMatchObject({ code: "fenced" });
    expect(world.broker.transactions.length).toBe(before);
    await winner.runUntilQuiet();
    await winner.close();
    expect(faultsOf(await snapshotOf(rival), recording.after, recording.exactView)).toEqual([]);
    await loser.close();
  });

  it("C9: ownership went from A to B and back — A's state is restored although it is there", async () => {
    const [wave3, wave4] = recordings.slice(-2) as [Recording, Recording];
    const a = await fork(wave3);
    const b = a.twin();
    worlds.push(b);
    await b.play(wave3.wave);
    await a.play(wave4.wave);
    expect(faultsOf(await snapshotOf(a), wave4.after, wave4.exactView)).toEqual([]);
  });

  it("C9: A had read further than B when it lost — refused, with what to do", async () => {
    const recording = lastOf(recordings);
    const a = await fork(recording);
    const b = a.twin(["step.recordsMax=1"]);
    worlds.push(b);
    await expect(playOnce(a, recording.wave, planFor("after store.commit", "crash", 0))).rejects.toThrow(
      "simulated crash",
    );
    a.crash();
    const worker = await b.start();
    const end = new AbortController();
    worker.onStep(() => end.abort());
    await worker.run(end.signal);
    await worker.close();
    const error = await refusal(a);
    expect(error).toMatchObject({ code: "state", hint: expect.stringContaining("rebuild") });
  });

  it("C10: positions below the oldest record, or above the end — refused", async () => {
    const below = await fork(lastOf(recordings));
    const { topic, partition, high } = busiest(below);
    below.broker.skipOffsets(topic, partition, 10);
    below.broker.deleteBefore(topic, partition, high + 5);
    expect((await refusal(below)).message).toContain(`the records ${high} to ${high + 4} of input topic ${topic}`);
    const above = await fork(lastOf(recordings));
    above.broker = await emptyBroker();
    for (const transaction of lastOf(recordings).before.broker.transactions) above.broker.commit(transaction);
    expect((await refusal(above)).message).toContain("is not the one that this state has read");
  });

  it("C11: the progress topic was recreated — refused", async () => {
    const world = await fork(lastOf(recordings));
    world.broker = await emptyBroker();
    expect((await refusal(world)).message).toContain("the progress topic ends at step 0");
  });

  it("C12: a record that the topic would refuse — stopped before its step is committed", async () => {
    const recording = lastOf(recordings);
    const world = await fork(recording);
    const small: Mutation = {
      name: "small records",
      transport: (transport) => transportWith(transport, { limits: { recordBytesMax: 700 } }),
    };
    const before = world.broker.transactions.length;
    await expect(playOnce(world, recording.wave, new FaultPlan(), small)).rejects.toMatchObject({ code: "transport" });
    // Steps before that one may have gone out, whole: how the wave is cut into steps depends on their time.
    const sent = world.broker.transactions.slice(before).flatMap(({ batch }) => batch.records);
    expect(Math.max(0, ...sent.map(recordBytes))).toBeLessThanOrEqual(700);
    world.crash();
    await world.play(recording.wave);
    const faults = faultsOf(await snapshotOf(world), recording.after, recording.exactView);
    // A reject that went out in an earlier step was cut to the limit, as it should be.
    expect(faults.filter((fault) => !fault.startsWith("rejects: "))).toEqual([]);
  });

  it.each(["before publish", "publish staged"])(
    "C13: the transaction timed out at %s — fenced, looked up, sent again",
    async (point) => {
      await playLast(planFor(point, "aborted"));
    },
  );

  it("C14: a poison record — its reject is published once, byte for byte", async () => {
    const world = await playLast(planFor("publish sent", "crash"));
    const poison = recordings.flatMap(({ wave }) => wave.records.filter(({ key }) => key === "poison"));
    const rejects = (await world.outputs("rejects")).map(({ value }) => Buffer.from(value ?? []).toString());
    for (const { value } of poison) {
      expect(rejects.filter((text) => text === Buffer.from(value).toString())).toHaveLength(1);
    }
    expect(poison.length).toBeGreaterThan(2);
  });

  it("C15: the disk is full — nothing is published, the worker stops, the next start goes on", async () => {
    const recording = lastOf(recordings);
    const world = await fork(recording);
    const full = (store: Store): Store => ({
      ...store,
      commit: () => Promise.reject(new AppError("state", "database or disk is full", "free space")),
    });
    const before = world.broker.transactions.length;
    const failing = playOnce(world, recording.wave, new FaultPlan(), { name: "disk full", store: full });
    await expect(failing).rejects.toThrow("disk is full");
    expect(world.broker.transactions.length).toBe(before);
    world.crash();
    await world.play(recording.wave);
    expect(faultsOf(await snapshotOf(world), recording.after, recording.exactView)).toEqual([]);
  });
});

/** One life of the worker, without recovery. */
async function playOnce(world: World, wave: Wave, plan: FaultPlan, mutation?: Mutation): Promise<void> {
  world.nowMs = wave.atMs;
  world.broker.nowMs = wave.atMs;
  const worker = await world.start(plan, mutation);
  await worker.submit(wave.name, wave.records);
  await worker.runUntilQuiet();
}

async function storedOutbox(world: World) {
  const store = await openStore(world.folder, { readOnly: true });
  const head = await store.readHead();
  await store.close();
  return head?.outbox;
}

function busiest(world: World) {
  const [first] = world.broker.watermarks().sort((a, b) => b.high - a.high);
  if (first === undefined) throw new RangeError("no inputs");
  return first;
}
