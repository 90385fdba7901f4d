import { describe, expect, it } from "vitest";
import { StepSize } from "../../src/worker/step-size.ts";

const LIMITS = { recordsMax: 5_000, bytesMax: 1, waitMs: 0, budgetRecords: 20_000, budgetBytes: 8_000_000 };

/** A machine on which steps take exactly this long. */
interface Machine {
  readonly stepMs: number;
  readonly recordMs: number;
  readonly outputMs: number;
}

/** Plays a step of `waiting` input records, with more to tell than any budget; answers how long it took. */
function play(size: StepSize, { stepMs, recordMs, outputMs }: Machine, waiting: number): number {
  const records = Math.min(waiting, size.recordsMax(false));
  const outputRecords = size.budgetRecords(records);
  const totalMs = stepMs + records * recordMs + outputRecords * outputMs;
  size.learn({ catchUp: false, records, outputRecords, outputBytes: outputRecords * 100, totalMs });
  return totalMs;
}

function trained(machine: Machine, waiting: readonly number[], limits = LIMITS): StepSize {
  const size = new StepSize(limits);
  for (let i = 0; i < 60; i++) for (const records of waiting) play(size, machine, records);
  return size;
}

describe("step size", () => {
  const machines: readonly [string, Machine][] = [
    ["fast", { stepMs: 12, recordMs: 0.4, outputMs: 0.01 }],
    ["as expected", { stepMs: 30, recordMs: 3, outputMs: 0.05 }],
    ["slow", { stepMs: 60, recordMs: 4, outputMs: 0.12 }],
  ];

  it.each(machines)("learns what steps cost: %s", (_, machine) => {
    const size = trained(machine, [5, 100_000, 5, 0]);
    expect(play(size, machine, 5)).toBeLessThan(130);
    expect(play(size, machine, 100_000)).toBeGreaterThan(150);
    expect(play(size, machine, 100_000)).toBeLessThan(300);
    expect(play(size, machine, 5)).toBeGreaterThan(50);
  });

  it("takes longer steps for a ripple only when input has not come for some steps", () => {
    const machine = { stepMs: 30, recordMs: 2, outputMs: 0.05 };
    const size = trained(machine, [5]);
    const first = play(size, machine, 0);
    expect(first).toBeLessThan(130);
    for (let i = 0; i < 8; i++) play(size, machine, 0);
    expect(play(size, machine, 0)).toBeGreaterThan(180);
    expect(play(size, machine, 1)).toBeLessThan(300);
    expect(play(size, machine, 1)).toBeLessThan(130);
  });

  it("gives neither input nor ripple less than its least, however slow", () => {
    const size = trained({ stepMs: 5_000, recordMs: 500, outputMs: 50 }, [5, 100_000, 0]);
    expect(size.recordsMax(false)).toBe(50);
    expect(size.budgetRecords(0)).toBe(200);
    expect(size.recordsMax(true)).toBe(5_000);
  });

  it("stays within what is configured, however fast, and without a clock", () => {
    const size = trained({ stepMs: 0, recordMs: 0, outputMs: 0 }, [5, 100_000, 0]);
    expect(size.recordsMax(false)).toBe(5_000);
    expect(size.budgetRecords(0)).toBe(20_000);
    const small = new StepSize({ ...LIMITS, recordsMax: 7, budgetRecords: 3 });
    expect(small.recordsMax(false)).toBe(7);
    expect(small.budgetRecords(7)).toBe(3);
  });

  it("believes one long step only in part, and catching up not at all", () => {
    const machine = { stepMs: 30, recordMs: 1.7, outputMs: 0.05 };
    const size = trained(machine, [5, 100_000]);
    const before = size.recordsMax(false);
    size.learn({ catchUp: true, records: 5_000, outputRecords: 0, outputBytes: 0, totalMs: 60_000 });
    expect(size.recordsMax(false)).toBe(before);
    size.learn({ catchUp: false, records: before, outputRecords: 0, outputBytes: 0, totalMs: 60_000 });
    expect(size.recordsMax(false)).toBeGreaterThan(before / 3);
  });

  it("keeps a ripple within its bytes", () => {
    const size = new StepSize({ ...LIMITS, budgetBytes: 100_000 });
    expect(size.budgetRecords(1)).toBe(200);
    const learn = (outputBytes: number) =>
      size.learn({ catchUp: true, records: 1, outputRecords: 10, outputBytes, totalMs: 1 });
    learn(100);
    expect(size.budgetRecords(1)).toBeGreaterThan(200);
    learn(10_000_000);
    expect(size.budgetRecords(1)).toBe(1);
  });
});
