import { describe, expect, it } from "vitest";
import { CatchUp } from "../../src/worker/catch-up.ts";
import { lagBehind, positionsFromJson } from "../../src/worker/positions.ts";

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
