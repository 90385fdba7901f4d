import { expect, test } from "vitest";
import { jsonTexts } from "../../src/state/bulk.ts";
import { NumberColumn, TextColumn } from "../../src/state/columns.ts";

test("rows become JSON texts within the limit, in order and without loss", () => {
  const rows = Array.from({ length: 20_000 }, (_, id) => [id, "é".repeat(id % 50)]);
  for (const bytesMax of [64, 5_000, 1_000_000]) {
    const texts = [...jsonTexts(rows, bytesMax)];
    expect(texts.flatMap((text) => JSON.parse(text) as unknown[])).toEqual(rows);
    const tooLarge = texts.filter((text) => Buffer.byteLength(text) > bytesMax);
    expect(tooLarge.every((text) => (JSON.parse(text) as unknown[]).length === 1)).toBe(true);
  }
  expect([...jsonTexts([])]).toEqual([]);
});

test("joined columns come apart, whatever the size of the slices", () => {
  const numbers = [0, -1, 7, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 1_700_000_000_000, 10];
  const texts = ["", "1 2", "3", "", "", "4 5 6", ""];
  for (let size = 1; size <= numbers.length + 1; size++) {
    const numberColumn = new NumberColumn(numbers.join(","));
    const textColumn = new TextColumn(texts.join(","));
    for (let from = 0; from < numbers.length; from += size) {
      expect(numberColumn.take(size)).toEqual(numbers.slice(from, from + size));
      expect(textColumn.take(size)).toEqual(texts.slice(from, from + size));
    }
    expect(numberColumn.take(size)).toEqual([]);
  }
});
