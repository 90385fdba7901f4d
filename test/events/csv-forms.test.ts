/** Tables in any form that CSV allows, against the tables themselves. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { identityRows } from "../../src/events/formats/csv-identities.ts";

const COLUMNS = ["USR_KEY", "A", "B"];

const value = fc.string({ unit: fc.constantFrom("a", "b", "é", "東", " ", ",", '"', "\n", "\r\n", ";"), maxLength: 4 });
/** The values of a person, whether each stands in quotes without need, and how many empty lines follow. */
const person = fc.record({
  values: fc.tuple(value, value),
  quoted: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  emptyLines: fc.nat({ max: 2 }),
});
const form = fc.record({
  people: fc.array(person, { maxLength: 8 }),
  lineEnd: fc.constantFrom("\n", "\r\n"),
  hasMark: fc.boolean(),
  endsWithLine: fc.boolean(),
  pieceBytes: fc.integer({ min: 1, max: 40 }),
});

function field(text: string, isQuoted: boolean): string {
  return isQuoted || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

test("whatever the quotes, line ends, empty lines and pieces, the rows and their lines are the same", async () => {
  await fc.assert(
    fc.asyncProperty(form, async ({ people, lineEnd, hasMark, endsWithLine, pieceBytes }) => {
      let text = (hasMark ? "\ufeff" : "") + COLUMNS.join(",") + lineEnd;
      const expected = people.map(({ values, quoted, emptyLines }, i) => {
        const line = text.split("\n").length;
        const texts = [`user ${i}`, ...values];
        text += texts.map((each, column) => field(each, quoted[column]!)).join(",") + lineEnd.repeat(1 + emptyLines);
        const attributes = values.map((each, column) => [COLUMNS[column + 1], each === "" ? [] : [each]]);
        return { line, user: `user ${i}`, attributes, fields: {} };
      });
      const bytes = Buffer.from(endsWithLine ? text : text.slice(0, -lineEnd.length));
      async function* pieces(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
      }
      const rows = [];
      for await (const block of identityRows({ file: "people.csv", bytes: pieces(), delimiter: "," }))
        rows.push(...block);
      expect(rows).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});
