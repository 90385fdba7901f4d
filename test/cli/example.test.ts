import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CliFolder } from "./corollary.ts";
import { EXAMPLE, EXAMPLE_IMPORT, expectExample } from "./example-view.ts";

const QUIET = ["--set", "log.level=warn"];

const cli = new CliFolder();
afterAll(() => cli.remove());

test("the CSV files give the expected view, and loading them again changes nothing", async () => {
  const first = await cli.json(["import", ...EXAMPLE_IMPORT, "--data", "csv", ...QUIET]);
  expect(first).toMatchObject({
    rows: { identities: 11, entitlements: 2, assignments: 14 },
    counts: { applied: 27, unchanged: 0, late: 0, rejected: 0 },
    warnings: ["2 useful attributes; 7 to 15 have been found to work best"],
  });
  await cli.json(["export", "--out", "csv-view", "--data", "csv"]);
  expectExample(join(cli.path, "csv-view"));

  const again = await cli.json(["import", ...EXAMPLE_IMPORT, "--data", "csv", ...QUIET]);
  expect(again).toMatchObject({ events: {}, records: 0, deltas: 0 });

  writeFileSync(
    join(cli.path, "moved.csv"),
    readFileSync(join(EXAMPLE, "identities.csv"), "utf8").replace("Austin", "Dublin"),
  );
  const changed = await cli.json(["import", "--identities", "moved.csv", "--data", "csv", ...QUIET]);
  expect(changed).toMatchObject({ events: { "identity.changed": 1 }, counts: { applied: 1 } });
});

test("explain, verify and status agree with it", async () => {
  await cli.json(["import", ...EXAMPLE_IMPORT, "--data", "seen", ...QUIET]);
  const pair = ["--user", "karen.11", "--entitlement", "Payroll Report", "--data", "seen"];
  const explained = await cli.json<{ candidates: unknown[] }>(["explain", ...pair]);
  expect(explained.candidates).toMatchObject([
    { freqUnion: 5, freq: 6, confidence: 0.8333, verdict: "chosen" },
    { freqUnion: 4, freq: 5, verdict: "less-general" },
    { freqUnion: 3, freq: 4, verdict: "outside-window" },
  ]);
  expect((await cli.run(["explain", ...pair])).out).toContain(
    "5 of 6 people with CITY San Jose have it, 83.33 % — chosen",
  );
  const stranger = await cli.run(["explain", "--user", "nobody", "--entitlement", "Expenses", "--data", "seen"]);
  expect(stranger).toMatchObject({
    code: 4,
    err: expect.stringContaining('no event ever named the user "nobody"') as string,
  });

  const { checks } = await cli.json<{ checks: { differences: string[] }[] }>(["verify", "--data", "seen"]);
  expect(checks.map(({ differences }) => differences)).toEqual([[], [], []]);
  expect(await cli.json(["status", "--data", "seen"])).toMatchObject({
    inputs: { applied: 27 },
    unmarkedStep: expect.any(Number) as number,
    positions: { "hr.identities": [11], "iga.assignments": [14], "iga.entitlements": [2] },
    predictions: { high: 12, medium: 0, low: 0, none: 2 },
    recommendations: 3,
    flags: { "stale-unused": 14 },
  });
});

test("demo --example plays it event by event", async () => {
  const { code, out } = await cli.run(["demo", "--example"]);
  expect(code).toBe(0);
  expect(out).toContain("+ recommend Payroll Report to karen.11: 5 of 6 people with CITY San Jose have it, 83 %");
  expect(out).toContain("12 high, 0 medium, 0 low, 2 not scored · 3 recommendations");
  await cli.json(["export", "--out", "demo-view", "--data", join(".corollary", "example")]);
  expectExample(join(cli.path, "demo-view"));
  expect((await cli.run(["demo", "--example"])).code).toBe(0);
});

test("export --published and --format csv", async () => {
  await cli.json(["import", ...EXAMPLE_IMPORT, "--data", "formats", ...QUIET]);
  await cli.json(["export", "--out", "told", "--published", "--format", "csv", "--data", "formats"]);
  const lines = readFileSync(join(cli.path, "told", "recommendations.csv"), "utf8").split("\n");
  expect(lines[0]).toBe("user,entitlement,rule,freqUnion,freq,confidence,band,reason");
  expect(lines[3]).toBe('karen.11,Payroll Report,"[{""attribute"":""CITY"",""value"":""San Jose""}]",5,6,0.8333,high,');
});
