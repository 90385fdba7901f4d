import { describe, expect, it } from "vitest";
import { CatchUp } from "../../src/worker/catch-up.ts";
import { lagBehind, positionsFromJson } from "../../src/worker/positions.ts";
import { StepSize } from "../../src/worker/step-size.ts";

const MARKS = [
  { topic: "a", partition: 0, low: 0, high: 50 },
  { topic: "a", partition: 1, low: 10, high: 20 },
];
const at = (first: number, second: number) => positionsFromJson({ a: [first, second] });

describe("catching up", () => {
  it("begins with a large backlog, or with any on an empty state", () => {
    expect(lagBehind(at(5, 12), MARKS)).toBe(53);
    const large = new CatchUp(53);
    large.consider(at(5, 12), MARKS, false);
    expect(large.active).toBe(false);
    large.consider(at(4, 12), MARKS, false);
    expect(large.active).toBe(true);
    const empty = new CatchUp(53);
    empty.consider(at(50, 20), MARKS, true);
    expect(empty.active).toBe(false);
    empty.consider(at(50, 19), MARKS, true);
    expect(empty.active).toBe(true);
  });

  it("ends where the partitions ended, or when nothing more comes", () => {
    const catchUp = new CatchUp(0);
    catchUp.consider(at(0, 10), MARKS, false);
    catchUp.observe(at(50, 19), 0, 100);
    expect(catchUp.active).toBe(true);
    catchUp.observe(at(50, 20), 0, 100);
    expect(catchUp.active).toBe(false);
    catchUp.consider(at(0, 10), MARKS, false);
    for (const silentMs of [60, 0, 60, 39]) catchUp.observe(at(49, 20), silentMs, 100);
    expect(catchUp.active).toBe(true);
    catchUp.observe(at(49, 20), 1, 100);
    expect(catchUp.active).toBe(false);
  });
});

describe("step size", () => {
  const limits = { recordsMax: 3_000, bytesMax: 1, waitMs: 0, budgetRecords: 20_000, budgetBytes: 1_000_000 };

  it("follows the time that steps take, within the limits", () => {
    const size = new StepSize(limits);
    const take = (engineMs: number, records = size.recordsMax(false), catchUp = false) =>
      size.learn({ catchUp, records, outputRecords: 0, outputBytes: 0, engineMs });
    expect(size.recordsMax(false)).toBe(200);
    for (let i = 0; i < 5; i++) take(10);
    expect(size.recordsMax(false)).toBe(3_000);
    take(750);
    expect(size.recordsMax(false)).toBe(1_000);
    take(1, 999);
    take(1, 3_000, true);
    expect(size.recordsMax(false)).toBe(1_000);
    take(60_000);
    expect(size.recordsMax(false)).toBe(50);
    expect(size.recordsMax(true)).toBe(3_000);
    expect(new StepSize({ ...limits, recordsMax: 7 }).recordsMax(false)).toBe(7);
  });

  it("keeps a ripple within its bytes", () => {
    const size = new StepSize(limits);
    expect(size.budgetRecords).toBe(2_000);
    size.learn({ catchUp: false, records: 1, outputRecords: 10, outputBytes: 100, engineMs: 1 });
    expect(size.budgetRecords).toBe(20_000);
    size.learn({ catchUp: false, records: 1, outputRecords: 1, outputBytes: 5_000_000, engineMs: 1 });
    expect(size.budgetRecords).toBe(1);
  });
});
