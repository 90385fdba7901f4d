import { expect, test } from "vitest";
import { jsonTexts } from "../../src/state/bulk.ts";

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
