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
  const isActive = (lagMax: number, applied: number, first: number): boolean => {
    const catchUp = new CatchUp(lagMax);
    catchUp.consider(at(first, 2_000), [{ topic: "a", partition: 0, low: 0, high: 5_000 }], applied);
    return catchUp.active;
  };

  it("begins with a backlog as large as the company, or larger than configured", () => {
    expect(isActive(100_000, 4_000, 1_000)).toBe(false);
    expect(isActive(100_000, 4_000, 999)).toBe(true);
    expect(isActive(100, 4_000, 4_900)).toBe(false);
    expect(isActive(100, 4_000, 4_899)).toBe(true);
    expect(isActive(100_000, 5, 4_000)).toBe(false);
    expect(isActive(100_000, 5, 3_999)).toBe(true);
  });

  it("begins with any backlog on an empty state", () => {
    expect(isActive(100_000, 0, 5_000)).toBe(false);
    expect(isActive(100_000, 0, 4_999)).toBe(true);
    expect(lagBehind(at(5, 12), MARKS)).toBe(53);
  });

  it("ends where the partitions ended when it began", () => {
    const catchUp = new CatchUp(0);
    catchUp.consider(at(0, 10), MARKS, 0);
    catchUp.observe(at(50, 19));
    expect(catchUp.active).toBe(true);
    catchUp.observe(at(50, 20));
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
