import { expect, test } from "vitest";
import { ItemMarks } from "../../src/core/item-marks.ts";
import { Prng } from "../../src/demo/prng.ts";

const isWithin = (items: readonly number[], others: readonly number[]): boolean =>
  items.every((item) => others.includes(item));

test("marks deny no set that is within another one, and nearly all others", () => {
  const prng = new Prng(1, 1);
  const someOf = (count: number): number[] => Array.from({ length: count }, () => prng.below(2_000));
  const [small, large] = [new ItemMarks(), new ItemMarks()];
  let denied = 0;
  for (let round = 0; round < 20_000; round++) {
    const others = someOf(8);
    const items = round % 2 === 0 ? others.slice(0, prng.below(4)) : someOf(1 + prng.below(3));
    small.mark(round % 100, items);
    large.mark(round, others);
    const may = small.mayBeWithin(round % 100, large, round);
    if (isWithin(items, others)) expect(may).toBe(true);
    else if (!may) denied++;
  }
  expect(denied).toBeGreaterThan(9_500);
});

test("a set is within none that was never marked, unless it is empty", () => {
  const marks = new ItemMarks();
  marks.mark(0, [7]);
  marks.mark(1, []);
  expect(marks.mayBeWithin(0, new ItemMarks(), 5_000)).toBe(false);
  expect(marks.mayBeWithin(1, new ItemMarks(), 5_000)).toBe(true);
});
