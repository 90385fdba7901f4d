import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Contradiction, CsvPairs } from "../../src/events/formats/csv-pairs.ts";

interface Row {
  readonly user: number;
  readonly entitlement: number;
  readonly said: number;
}

/** Row by row, as it is meant; lines are 1 + index. */
function firstContradiction(rows: readonly Row[]): Contradiction | null {
  for (const [i, row] of rows.entries()) {
    const first = rows.findIndex(({ user, entitlement }) => user === row.user && entitlement === row.entitlement);
    if (rows[first]!.said !== row.said) return { line: i + 1, earlierLine: first + 1 };
  }
  return null;
}

const small = fc.nat({ max: 3 });
const someRows = fc.array(fc.record({ user: small, entitlement: small, said: fc.nat({ max: 1 }) }), { maxLength: 20 });

test("finds the first row that contradicts an earlier one, in whatever order the pairs come", () => {
  fc.assert(
    fc.property(someRows, (rows) => {
      const pairs = new CsvPairs();
      for (const [i, { user, entitlement, said }] of rows.entries()) pairs.note(user, entitlement, said, i + 1);
      expect(pairs.contradiction()).toEqual(firstContradiction(rows));
    }),
  );
});

test("finds it among many rows", () => {
  const pairs = new CsvPairs();
  const rows = 5_000;
  for (let i = 0; i < rows; i++) pairs.note(i, i % 7, 1, i + 1);
  expect(pairs.contradiction()).toBeNull();
  pairs.note(4_000, 4_000 % 7, 0, rows + 1);
  expect(pairs.contradiction()).toEqual({ line: rows + 1, earlierLine: 4_001 });
});
