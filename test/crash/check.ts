/**
 * What must hold when a wave has been played, whatever went wrong on the way. The outputs are read as a consumer reads
 * them: bytes and headers only.
 */
import { settingsOf } from "../../src/config.ts";
import type { Tables, View } from "../../src/core/tables.ts";
import { openStore } from "../../src/state/sqlite-store.ts";
import type { InputRecord } from "../../src/transport/transport.ts";
import { loadEngine } from "../../src/worker/load.ts";
import { decodeProgress } from "../../src/worker/progress.ts";
import { OUTPUTS, type World } from "./world.ts";

/** Texts that are equal for equal states. */
export interface Snapshot {
  readonly tables: readonly string[];
  readonly counts: string;
  readonly publishedView: readonly string[];
  /** The view that consumers have, from the output topics. */
  readonly toldView: readonly string[];
  readonly rejects: readonly string[];
}

/** Reads the stored state and the topics; throws when either contradicts itself. */
export async function snapshotOf(world: World): Promise<Snapshot> {
  const store = await openStore(world.folder, { readOnly: true });
  try {
    const head = await store.readHead();
    if (head === null) throw new Error("nothing was committed");
    const engine = await loadEngine(world.folder, store, settingsOf(world.config()), head);
    const topics = await Promise.all(OUTPUTS.map((topic) => world.outputs(topic)));
    checkOrder(topics.flat());
    if (world.kind === "memory") checkProgress(world, head.step);
    return {
      tables: tableLines(engine.tables()),
      counts: JSON.stringify(head.counts),
      publishedView: linesOf(engine.publishedView()),
      toldView: told(topics.slice(0, 3)),
      rejects: rejectsIn(topics[3] ?? []),
    };
  } finally {
    await store.close();
  }
}

/** Differences of a recovered state from what it is without faults. `exactView`: a function of the tables, like these. */
export function faultsOf(got: Snapshot, expected: Snapshot, exactView: readonly string[] | null): string[] {
  const faults: string[] = [];
  const compare = (what: string, ours: readonly string[], theirs: readonly string[]): void => {
    if (ours.join("\n") === theirs.join("\n")) return;
    const more = ours.filter((line) => !theirs.includes(line));
    const fewer = theirs.filter((line) => !ours.includes(line));
    faults.push(`${what}: ${shown(more)} instead of ${shown(fewer)}`);
  };
  compare("tables", got.tables, expected.tables);
  compare("counts of inputs", [got.counts], [expected.counts]);
  compare("rejects", got.rejects, expected.rejects);
  compare("summed deltas, against the published view", got.toldView, got.publishedView);
  if (exactView !== null) compare("published view, against the exact one", got.publishedView, exactView);
  return faults;
}

function shown(lines: readonly string[]): string {
  return `${lines.length} [${lines
    .slice(0, 2)
    .map((line) => line.slice(0, 300))
    .join(" | ")}]`;
}

interface Placed {
  readonly epoch: number;
  readonly step: number;
  readonly seq: number;
}

function placeOf(record: InputRecord): Placed {
  const [, epoch = 0, step = 0, seq = -1] = headerOf(record, "cor").split(".").map(Number);
  return { epoch, step, seq };
}

/** No repeat: every place once. No hole within a step. Epochs never go back. */
function checkOrder(records: readonly InputRecord[]): void {
  const places = records.map(placeOf).sort((a, b) => a.step - b.step || a.seq - b.seq);
  let last: Placed = { epoch: 0, step: 0, seq: -1 };
  for (const place of places) {
    const expected = place.step === last.step ? last.seq + 1 : 0;
    if (
      place.seq !== expected ||
      place.epoch < last.epoch ||
      (place.step === last.step && place.epoch !== last.epoch)
    ) {
      throw new Error(`record ${JSON.stringify(place)} follows ${JSON.stringify(last)}`);
    }
    last = place;
  }
}

/** Every step once, in order; positions and clock never go back; the last one is that of the state. */
function checkProgress(world: World, step: number): void {
  let last = { step: 0, clockMinute: 0, positions: new Map() as ReadonlyMap<string, ReadonlyMap<number, number>> };
  for (const { batch } of world.broker.transactions) {
    const progress = decodeProgress(batch.progress);
    if (progress.step !== last.step + 1) throw new Error(`step ${progress.step} was published after step ${last.step}`);
    if (progress.records !== batch.records.length) throw new Error(`step ${progress.step} miscounts its records`);
    if (progress.clockMinute < last.clockMinute) throw new Error(`the clock of step ${progress.step} went back`);
    for (const [topic, partitions] of last.positions) {
      for (const [partition, offset] of partitions) {
        const now = progress.positions.get(topic)?.get(partition) ?? -1;
        if (now < offset) throw new Error(`step ${progress.step} goes back in ${topic}-${partition}`);
      }
    }
    last = progress;
  }
  if (last.step !== step) throw new Error(`the state stands at step ${step}, the topics at ${last.step}`);
}

/** Sums the changelogs; each upsert must say rightly what was said of the pair before. */
function told(topics: readonly (readonly InputRecord[])[]): string[] {
  const lines: string[] = [];
  for (const records of topics) {
    const last = new Map<string, Readonly<Record<string, unknown>>>();
    for (const record of inOrder(records)) {
      const key = String(Buffer.from(record.key ?? []));
      const before = last.get(key);
      if (record.value === null) {
        if (!last.delete(key))
          throw new Error(`${record.topic} ${key} is removed but was never told, or removed before`);
        continue;
      }
      const value = JSON.parse(String(Buffer.from(record.value)));
      const said = before === undefined ? null : essence(before);
      const previous = value.previous === null || value.previous.length === 0 ? null : essence(value.previous);
      if (said !== previous)
        throw new Error(`${record.topic} ${key}: previous is ${previous}, but consumers know ${said}`);
      last.set(key, value);
    }
    for (const value of last.values()) lines.push(lineOf(value as never));
  }
  return lines.sort();
}

function inOrder(records: readonly InputRecord[]): InputRecord[] {
  const placed = records.map((record) => ({ record, place: placeOf(record) }));
  placed.sort((a, b) => a.place.step - b.place.step || a.place.seq - b.place.seq);
  return placed.map(({ record }) => record);
}

function essence(value: Readonly<Record<string, unknown>>): string {
  if (Array.isArray(value)) return JSON.stringify(value);
  if (value["flags"] !== undefined) return JSON.stringify(value["flags"]);
  const { rule, freqUnion, freq, band, reason = null } = value;
  return JSON.stringify([rule, freqUnion, freq, band, reason]);
}

interface Told {
  readonly type: string;
  readonly user: string;
  readonly entitlement: string;
}

function lineOf(value: Told & Readonly<Record<string, unknown>>): string {
  return JSON.stringify([value.type.split(".")[0], value.user, value.entitlement, essence(value)]);
}

export function linesOf(view: View): string[] {
  return [
    ...view.predictions.map(({ score, ...pair }) => lineOf({ type: "prediction", ...pair, ...score })),
    ...view.recommendations.map(({ score, ...pair }) => lineOf({ type: "recommendation", ...pair, ...score })),
    ...view.flags.map((row) => lineOf({ type: "flag", ...row })),
  ].sort();
}

function tableLines({ identities, assignments, entitlements }: Tables): string[] {
  return [...identities, ...assignments, ...entitlements].map((row) => JSON.stringify(row)).sort();
}

function rejectsIn(records: readonly InputRecord[]): string[] {
  return records
    .map((record) => {
      const place = ["topic", "partition", "offset"].map((name) => headerOf(record, `__connect.errors.${name}`));
      return `${place.join(" ")} ${Buffer.from(record.value ?? []).toString("hex")}`;
    })
    .sort();
}

function headerOf(record: InputRecord, name: string): string {
  return Buffer.from(record.headers[name] ?? "").toString();
}
