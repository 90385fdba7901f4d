import { describe, expect, it } from "vitest";
import type { Outbox, StoredHead } from "../../src/state/store.ts";
import { positionsFromJson } from "../../src/worker/positions.ts";
import { encodeProgress, type Progress } from "../../src/worker/progress.ts";
import { checkedPositions, checkWhole, judge, type Verdict } from "../../src/worker/verdict.ts";

function progressAt(step: number, epoch = 1, digest = "d"): Progress {
  return {
    engine: "e",
    epoch,
    step,
    clockMinute: 0,
    positions: new Map(),
    records: 0,
    digest,
    pending: 0,
    configDigest: "c",
  };
}

function headAt(step: number, outboxOf: Progress | null = null, epoch = 1): StoredHead {
  const outbox: Outbox | null = outboxOf && {
    step: outboxOf.step,
    epoch: outboxOf.epoch,
    chunks: [],
    progress: encodeProgress(outboxOf),
    positions: new Map(),
  };
  const counts = { applied: 0, unchanged: 0, late: 0, rejected: 0 };
  return {
    engine: "e",
    configDigest: "c",
    epoch,
    step,
    clockMinute: 0,
    positions: new Map(),
    counts,
    outbox,
    pending: [],
    uncleanEnd: false,
  };
}

const FIRST = progressAt(1);
const LAST = progressAt(8);
const NEXT = progressAt(9);
const RIVAL = progressAt(8, 2, "other");

const CASES: readonly [
  name: string,
  head: StoredHead | null,
  progress: Progress | null,
  verdict: Verdict | "refused",
][] = [
  ["nothing at all", null, null, "fresh"],
  ["an epoch, no step", headAt(0), null, "fresh"],
  ["first step not sent (C2)", headAt(1, FIRST), null, "unpublished"],
  ["first step sent, not marked (C5)", headAt(1, FIRST), FIRST, "published"],
  ["sent and marked (C0)", headAt(8), LAST, "current"],
  ["restarted since (C0)", headAt(8, null, 5), LAST, "current"],
  ["not sent (C2)", headAt(9, NEXT), LAST, "unpublished"],
  ["outbox of an older epoch (C2)", headAt(9, NEXT, 2), LAST, "unpublished"],
  ["sent, not marked (C5)", headAt(8, LAST), LAST, "published"],
  ["behind (C6)", headAt(5), LAST, "restore"],
  ["behind, with an outbox that a rival overtook (C6)", headAt(5, progressAt(5)), LAST, "restore"],
  ["lost (C7)", null, LAST, "restore"],
  ["lost, an epoch begun (C7)", headAt(0), LAST, "restore"],
  ["a rival published this step (C9)", headAt(8, LAST), RIVAL, "restore"],
  ["a younger epoch published this step (C9)", headAt(8), RIVAL, "restore"],
  ["topic lost (C11)", headAt(8), null, "refused"],
  ["topic lost, one step to send (C11)", headAt(8, LAST), null, "refused"],
  ["topic cut (C11)", headAt(8), progressAt(6), "refused"],
  ["topic cut, one step to send (C11)", headAt(9, NEXT), progressAt(6), "refused"],
  ["ahead without outbox (C11)", headAt(9), LAST, "refused"],
];

describe("verdict", () => {
  it.each(CASES)("%s", (_name, head, progress, verdict) => {
    const decide = () => judge(head, progress, progress && encodeProgress(progress));
    if (verdict === "refused") expect(decide).toThrow("the state stands at step");
    else expect(decide()).toBe(verdict);
  });
});

describe("input positions", () => {
  const marks = [
    { topic: "a", partition: 0, low: 5, high: 10 },
    { topic: "a", partition: 1, low: 0, high: 3 },
    { topic: "b", partition: 0, low: 2, high: 2 },
  ];
  const check = (json: Record<string, number[]>) => checkedPositions(positionsFromJson(json), marks);

  it("go on where they stood, or at the oldest record", () => {
    expect(check({ a: [7, 3] })).toEqual(positionsFromJson({ a: [7, 3], b: [2] }));
    expect(check({})).toEqual(positionsFromJson({ a: [5, 0], b: [2] }));
  });

  it.each([
    [{ a: [4, 3], b: [2] }, "the records 4 to 4 of input topic a, partition 0"],
    [{ a: [11, 3], b: [2] }, "partition 0 ends at 10, before position 11"],
    [{ a: [7], b: [2] }, "has more partitions than before"],
    [{ a: [7, 1, 1], b: [2] }, "fewer partitions"],
    [{ a: [7, 1], c: [0] }, "c is not the one"],
  ])("%j are refused (C10, C11)", (json, message) => {
    expect(() => check(json)).toThrow(message);
  });

  it("a lost state needs whole inputs (C7)", () => {
    expect(() => checkWhole(marks)).toThrow("the records 0 to 4 of input topic a, partition 0");
    expect(() => checkWhole(marks.slice(1, 2))).not.toThrow();
  });
});
