import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeFiles } from "../../src/cli/view-files.ts";
import { rowFiles } from "../../src/cli/view-rows.ts";
import type { View } from "../../src/core/tables.ts";
import { AppError } from "../../src/errors.ts";
import type { Score } from "../../src/events/delta.ts";

const folder = mkdtempSync(join(tmpdir(), "corollary-view-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SCORE: Score = {
  rule: [{ attribute: "A", value: 'x, "y"' }],
  freqUnion: 2,
  freq: 3,
  band: "medium",
  reason: null,
};
const UNSCORED: Score = { rule: [], freqUnion: 0, freq: 0, band: null, reason: "too-few-holders" };

const VIEW: View = {
  itemsets: [
    { items: [{ attribute: "B", value: "1" }], freq: 4 },
    {
      items: [
        { attribute: "A", value: "1" },
        { attribute: "B", value: "1" },
      ],
      freq: 3,
    },
    { items: [{ attribute: "A", value: "1" }], freq: 5 },
  ],
  rules: [
    { rule: [{ attribute: "A", value: "1" }], entitlement: "e2", freq: 3, freqUnion: 2 },
    { rule: [{ attribute: "A", value: "1" }], entitlement: "e1", freq: 7, freqUnion: 7 },
  ],
  // U+1F600 comes after U+FFFD by code point, and before it by UTF-16 unit.
  predictions: [
    { user: "\u{1F600}", entitlement: "e", score: SCORE },
    { user: "\uFFFD", entitlement: "e", score: UNSCORED },
    { user: " a", entitlement: "f", score: SCORE },
    { user: " a", entitlement: "e", score: SCORE },
  ],
  recommendations: [],
  flags: [{ user: "u", entitlement: "e", flags: [{ flag: "outlier", type: "low" }, { flag: "expired" }] }],
};

function lines(name: string): string[] {
  return readFileSync(join(folder, name), "utf8").split("\n");
}

test("rows are sorted by code point, confidence has four decimals, each flag is a row", () => {
  const rows = writeFiles(folder, rowFiles(VIEW, false), "ndjson");
  expect(rows).toEqual({
    "itemsets.ndjson": 3,
    "rules.ndjson": 2,
    "predictions.ndjson": 4,
    "recommendations.ndjson": 0,
    "flags.ndjson": 2,
  });
  expect(lines("itemsets.ndjson").map((line) => /"freq":\d/.exec(line)?.[0])).toEqual([
    '"freq":5',
    '"freq":3',
    '"freq":4',
    undefined,
  ]);
  expect(lines("rules.ndjson")[1]).toBe(
    '{"rule":[{"attribute":"A","value":"1"}],"entitlement":"e2","freq":3,"freqUnion":2,"confidence":0.6667}',
  );
  const predictions = lines("predictions.ndjson")
    .slice(0, 4)
    .map((line) => JSON.parse(line) as { user: string; entitlement: string });
  expect(predictions.map(({ user, entitlement }) => user + entitlement)).toEqual([
    " ae",
    " af",
    "\uFFFDe",
    "\u{1F600}e",
  ]);
  expect(predictions[2]).toEqual({
    user: "\uFFFD",
    entitlement: "e",
    rule: [],
    freqUnion: 0,
    freq: 0,
    confidence: 0,
    band: null,
    reason: "too-few-holders",
  });
  expect(lines("flags.ndjson")).toEqual([
    '{"user":"u","entitlement":"e","flag":"outlier","type":"low"}',
    '{"user":"u","entitlement":"e","flag":"expired"}',
    "",
  ]);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("CSV quotes what must be quoted", () => {
  writeFiles(folder, rowFiles(VIEW, true), "csv");
  expect(readdirSync(folder)).not.toContain("rules.csv");
  expect(lines("predictions.csv").slice(0, 2)).toEqual([
    "user,entitlement,rule,freqUnion,freq,confidence,band,reason",
    '" a",e,"[{""attribute"":""A"",""value"":""x, \\""y\\""""}]",2,3,0.6667,medium,',
  ]);
  expect(lines("flags.csv")).toEqual(["user,entitlement,flag,type", "u,e,outlier,low", "u,e,expired,", ""]);
});

test("a folder that cannot be written is one message", () => {
  writeFileSync(join(folder, "file"), "");
  expect(() => writeFiles(join(folder, "file"), rowFiles(VIEW, true), "csv")).toThrow(AppError);
});
