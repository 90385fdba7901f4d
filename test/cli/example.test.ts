import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { CliFolder } from "./corollary.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures/example/", import.meta.url));
const FILES = ["identities", "entitlements", "assignments"].flatMap((name) => [
  `--${name}`,
  join(FIXTURES, `${name}.csv`),
]);
const QUIET = ["--set", "log.level=warn"];

const cli = new CliFolder();
afterAll(() => cli.remove());

type Rows = Record<string, unknown>[];
const expected = JSON.parse(readFileSync(join(FIXTURES, "expected.json"), "utf8")) as Record<string, Rows>;

/** Every expected row is there with all its fields, and no other. */
function expectExample(folder: string): void {
  for (const [name, rows] of Object.entries(expected)) {
    const text = readFileSync(join(cli.path, folder, `${name}.ndjson`), "utf8");
    const found = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(found, name).toHaveLength(rows.length);
    for (const row of rows) expect(found, name).toContainEqual(expect.objectContaining(row));
  }
}

test("the CSV files give the expected view, and loading them again changes nothing", async () => {
  const first = await cli.json(["import", ...FILES, "--data", "csv", ...QUIET]);
  expect(first).toMatchObject({
    rows: { identities: 11, entitlements: 2, assignments: 14 },
    counts: { applied: 27, unchanged: 0, late: 0, rejected: 0 },
    warnings: ["2 useful attributes; 7 to 15 have been found to work best"],
  });
  await cli.json(["export", "--out", "csv-view", "--data", "csv"]);
  expectExample("csv-view");

  const again = await cli.json(["import", ...FILES, "--data", "csv", ...QUIET]);
  expect(again).toMatchObject({ events: {}, records: 0, deltas: 0 });

  writeFileSync(
    join(cli.path, "moved.csv"),
    readFileSync(join(FIXTURES, "identities.csv"), "utf8").replace("Austin", "Dublin"),
  );
  const changed = await cli.json(["import", "--identities", "moved.csv", "--data", "csv", ...QUIET]);
  expect(changed).toMatchObject({ events: { "identity.changed": 1 }, counts: { applied: 1 } });
});

test("explain, verify and status agree with it", async () => {
  await cli.json(["import", ...FILES, "--data", "seen", ...QUIET]);
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
    positions: { "hr.identities": [11], "iga.assignments": [14], "iga.entitlements": [2] },
    predictions: { high: 12, medium: 0, low: 0, none: 2 },
    recommendations: 3,
    flags: { "stale-unused": 14 },
  });
});

test("the same company from events in random order, with detours, gives the same view", async () => {
  writeFileSync(
    join(cli.path, "detours.ndjson"),
    detours()
      .map((event) => `${JSON.stringify(event)}\n`)
      .join(""),
  );
  const applied = await cli.json<{ counts: Record<string, number> }>([
    "apply",
    "detours.ndjson",
    "--data",
    "events",
    ...QUIET,
  ]);
  expect(applied.counts["rejected"]).toBe(0);
  expect(applied.counts["unchanged"]).toBeGreaterThan(0);
  await cli.json(["export", "--out", "events-view", "--data", "events"]);
  expectExample("events-view");

  const again = await cli.json(["apply", "detours.ndjson", "--data", "events", ...QUIET]);
  expect(again).toMatchObject({ records: 0, deltas: 0 });
  expect((await cli.run(["verify", "--data", "events"])).code).toBe(0);
});

test("demo --example plays it event by event", async () => {
  const { code, out } = await cli.run(["demo", "--example"]);
  expect(code).toBe(0);
  expect(out).toContain("+ recommend Payroll Report to karen.11: 5 of 6 people with CITY San Jose have it, 83 %");
  expect(out).toContain("12 high, 0 medium, 0 low, 2 not scored · 3 recommendations");
  await cli.json(["export", "--out", "demo-view", "--data", join(".corollary", "example")]);
  expectExample("demo-view");
  expect((await cli.run(["demo", "--example"])).code).toBe(0);
});

test("export --published and --format csv", async () => {
  await cli.json(["import", ...FILES, "--data", "formats", ...QUIET]);
  await cli.json(["export", "--out", "told", "--published", "--format", "csv", "--data", "formats"]);
  const lines = readFileSync(join(cli.path, "told", "recommendations.csv"), "utf8").split("\n");
  expect(lines[0]).toBe("user,entitlement,rule,freqUnion,freq,confidence,band,reason");
  expect(lines[3]).toBe('karen.11,Payroll Report,"[{""attribute"":""CITY"",""value"":""San Jose""}]",5,6,0.8333,high,');
});

/** The example as stamped events, shuffled (seeded), with wrong cities, grants taken back and repeats among them. */
function detours(): object[] {
  const rows = (name: string) =>
    readFileSync(join(FIXTURES, `${name}.csv`), "utf8")
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => line.split(","));
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  const events: object[] = [];
  for (const [user = "", CITY, DEPT] of rows("identities")) {
    events.push({ type: "identity.upserted", user, attributes: { CITY: "Austin", DEPT: "Sales" }, at: at(1) });
    events.push({ type: "identity.changed", user, attributes: { DEPT }, at: at(2) });
    events.push({ type: "identity.changed", user, attributes: { CITY }, at: at(3) });
    events.push({ type: "assignment.granted", user, entitlement: "Expenses", at: at(1) });
    events.push({ type: "assignment.revoked", user, entitlement: "Expenses", at: at(2) });
  }
  for (const [user, entitlement] of rows("assignments")) {
    const grant = { type: "assignment.granted", user, entitlement, at: at(4) };
    events.push(grant, grant, { type: "assignment.used", user, entitlement, at: at(5) });
  }
  for (const [entitlement, application] of rows("entitlements"))
    events.push({ type: "entitlement.upserted", entitlement, application });
  let seed = 7;
  for (let i = events.length - 1; i > 0; i--) {
    seed = (seed * 48_271) % 2_147_483_647;
    const j = seed % (i + 1);
    [events[i], events[j]] = [events[j]!, events[i]!];
  }
  return events;
}
