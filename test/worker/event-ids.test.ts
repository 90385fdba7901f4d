import { describe, expect, it } from "vitest";
import { loadSchemaTable } from "../../src/events/schema-files.ts";
import type { Store } from "../../src/state/store.ts";
import type { InputRecord } from "../../src/transport/transport.ts";
import { Forgetting, isRepeat } from "../../src/worker/event-ids.ts";
import { type Batch, readBatch } from "../../src/worker/intake.ts";
import { positionsFromJson } from "../../src/worker/positions.ts";

const DAY = 24 * 60;
const NOW = 29_000_000;
const REFUSAL = { field: "at", expectation: "…" };

/** Takes every event but the repeats, and counts these. */
function repeatsIn({ events, ids }: Batch): number {
  return events.filter((_, i) => ids.admit(i, () => "applied") === "unchanged").length;
}

function recordAt(minute: number, partition = 0, id = "a"): InputRecord {
  return {
    topic: "in",
    partition,
    offset: 0,
    timestampMs: minute * 60_000,
    key: null,
    value: Buffer.from(JSON.stringify({ type: "identity.removed", user: "u", id })),
    headers: {},
  };
}

describe("repeated event ids", () => {
  const storeWith = (seen: readonly (readonly [string, number])[]) =>
    ({ seenEvents: async () => new Map(seen) }) as unknown as Store;
  const read = async (seen: readonly (readonly [string, number])[], minutes: readonly number[], dedupDays = 7) =>
    readBatch(
      minutes.map((minute) => recordAt(minute)),
      await loadSchemaTable(),
      storeWith(seen),
      dedupDays,
    );

  it("are repeats within the days before and after the record that was seen", () => {
    expect([-1, 0, 1].map((side) => isRepeat(NOW + side * 7 * DAY, NOW, 7))).toEqual([true, true, true]);
    expect([-1, 1].map((side) => isRepeat(NOW + side * (7 * DAY + 1), NOW, 7))).toEqual([false, false]);
  });

  it.each([
    [[NOW + 7 * DAY], 1, []],
    [[NOW - 7 * DAY], 1, []],
    [[NOW + 7 * DAY + 1], 0, [["a", NOW + 7 * DAY + 1]]],
    [[NOW + 8 * DAY, NOW + 14 * DAY], 1, [["a", NOW + 8 * DAY]]],
  ] as const)("are judged by the times of the records: %j", async (minutes, duplicates, ids) => {
    const batch = await read([["a", NOW]], minutes);
    expect(repeatsIn(batch)).toBe(duplicates);
    expect(batch.ids.taken).toEqual(ids);
  });

  it("are judged alike within a batch and over several", async () => {
    const minutes = [0, 1, 7, 8, 15, 16, 9].map((days) => NOW + days * DAY);
    const duplicates = repeatsIn(await read([], minutes));
    let seen: readonly (readonly [string, number])[] = [];
    let oneByOne = 0;
    for (const minute of minutes) {
      const batch = await read(seen, [minute]);
      oneByOne += repeatsIn(batch);
      seen = [...seen, ...batch.ids.taken];
    }
    expect(duplicates).toBe(4);
    expect(oneByOne).toBe(duplicates);
  });

  it("are taken, and not remembered, with dedupDays 0; that of a refused event is not remembered", async () => {
    const batch = await read([["a", NOW]], [NOW, NOW], 0);
    expect(repeatsIn(batch)).toBe(0);
    expect(batch.ids.taken).toEqual([]);
    const refused = await read([], [NOW, NOW, NOW]);
    const outcomes = refused.events.map((_, i) => refused.ids.admit(i, () => (i === 0 ? REFUSAL : "applied")));
    expect(outcomes).toEqual([REFUSAL, "applied", "unchanged"]);
    expect(refused.ids.taken).toEqual([["a", NOW]]);
  });
});

describe("forgetting event ids", () => {
  const marks = [0, 1].map((partition) => ({ topic: "in", partition, low: 0, high: 10 }));
  const at = (first: number, second: number) => positionsFromJson({ in: [first, second] });

  it("keeps those of dedupDays and a day when all is read", () => {
    const forgetting = new Forgetting(7);
    expect(forgetting.isDue).toBe(false);
    forgetting.observe([recordAt(NOW)], NOW);
    expect(forgetting.isDue).toBe(true);
    forgetting.consider(at(10, 10), marks);
    expect(forgetting.before).toBe(NOW - 8 * DAY);
    expect(forgetting.isDue).toBe(false);
  });

  it("waits for the partition that is furthest behind, and for one that nothing is known of", () => {
    const forgetting = new Forgetting(7);
    forgetting.observe([recordAt(NOW, 0)], NOW);
    forgetting.consider(at(10, 5), marks);
    expect(forgetting.before).toBe(0);
    forgetting.observe([recordAt(NOW - 30 * DAY, 1)], NOW);
    forgetting.consider(at(10, 6), marks);
    expect(forgetting.before).toBe(NOW - 38 * DAY);
    forgetting.consider(at(10, 10), marks);
    expect(forgetting.before).toBe(NOW - 8 * DAY);
  });

  it("is not driven by a record from the future, and never goes back", () => {
    const forgetting = new Forgetting(7);
    forgetting.observe([recordAt(NOW + 1000 * DAY)], NOW);
    forgetting.consider(at(10, 10), marks);
    forgetting.observe([recordAt(NOW - DAY)], NOW - DAY);
    forgetting.consider(at(10, 9), marks);
    expect(forgetting.before).toBe(NOW - 8 * DAY);
  });
});
