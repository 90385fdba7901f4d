/** The worked example: its files, and what the command line must make of them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

export const EXAMPLE: string = fileURLToPath(new URL("../fixtures/example/", import.meta.url));

export const EXAMPLE_IMPORT: readonly string[] = ["identities", "entitlements", "assignments"].flatMap((name) => [
  `--${name}`,
  join(EXAMPLE, `${name}.csv`),
]);

type Row = Readonly<Record<string, unknown>>;

const expected = JSON.parse(readFileSync(join(EXAMPLE, "expected.json"), "utf8")) as Record<string, Row[]>;

/** Every expected row is in the exported folder with all its fields, and no other row. */
export function expectExample(folder: string): void {
  const scored = expected["predictions"]?.filter(({ freq }) => freq !== 0);
  expect(scored, "scored").toHaveLength(12);
  for (const [name, count] of Object.entries({ itemsets: 6, rules: 7, predictions: 14, recommendations: 3 })) {
    const rows = expected[name] ?? [];
    const found = readRows(join(folder, `${name}.ndjson`));
    expect([rows.length, found.length], name).toEqual([count, count]);
    for (const row of rows) expect(found, name).toContainEqual(expect.objectContaining(row));
  }
}

/** Rows of a CSV file without quotes, header left out. */
export function exampleRows(name: "identities" | "entitlements" | "assignments"): string[][] {
  const text = readFileSync(join(EXAMPLE, `${name}.csv`), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
}

function readRows(file: string): Row[] {
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Row);
}
