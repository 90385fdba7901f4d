import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { EXIT_CODES } from "../../src/errors.ts";
import { CliFolder } from "./corollary.ts";

const cli = new CliFolder();
afterAll(() => cli.remove());

const QUIET = ["--set", "log.level=error"];

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(cli.path, name), content);
  return name;
}

interface Counts {
  readonly applied: number;
  readonly unchanged: number;
  readonly late: number;
  readonly rejected: number;
}

interface Applied {
  readonly lines: number;
  readonly counts: Counts;
}

/** Lines of the rejects topic: the record stands at the end, as it is if it is JSON, else as base64. */
function rejectsOf(data: string): string[] {
  return readFileSync(join(cli.path, data, "journal", "rejects-0.ndjson"), "utf8")
    .split("\n")
    .slice(0, -1);
}

function sum({ applied, unchanged, late, rejected }: Counts): number {
  return applied + unchanged + late + rejected;
}

/** Lines, and what must be said of them. */
const BAD_LINES: readonly (readonly [line: string, message: string])[] = [
  ['{"type":"identity.upserted","user":"x"', "record: expected a JSON object with a type"],
  ["not even close ☃", "got broken JSON"],
  ["null", "got another JSON value"],
  ["[1]", "got another JSON value"],
  ["[".repeat(50_000), "got broken JSON"],
  ["{}", "type: expected the type of an event"],
  ['{"type":"identity.exploded","user":"x"}', 'got "identity.exploded"'],
  ['{"type":"identity.upserted","attributes":{}}', "user: expected a non-empty text"],
  ['{"type":"identity.upserted","user":"","attributes":{}}', "got an empty text"],
  ['{"type":"identity.upserted","user":"x"}', "attributes: expected an object of attributes, got nothing"],
  ['{"type":"assignment.granted","user":"x","entitlement":7}', "entitlement: expected a non-empty text"],
  ['{"type":"identity.upserted","user":["x"],"attributes":{}}', "got an array"],
  ['{"type":"identity.upserted","user":"x","attributes":["A"]}', "attributes: expected an object of attributes"],
  ['{"type":"identity.upserted","user":"x","attributes":{"A":{"b":1}}}', "attributes.A: expected"],
  ['{"type":"identity.upserted","user":"x","attributes":{"A":12345678901234567890}}', "without loss"],
  ['{"type":"identity.upserted","user":"x\\u0000","attributes":{}}', "a text with U+0000"],
  ['{"type":"identity.upserted","user":"\\ud800","attributes":{}}', "a text with a lone surrogate"],
  [`{"type":"identity.upserted","user":"${"é".repeat(600)}","attributes":{}}`, "got 1200 bytes"],
  ['{"type":"identity.removed","user":"x","at":"yesterday"}', "at: expected an RFC 3339 time"],
  ['{"type":"identity.removed","user":"x","at":"2999-01-01T00:00:00Z"}', "at most 10 minutes ahead"],
  ['{"type":"entitlement.upserted","entitlement":"e","risk":"huge"}', "risk: expected one of low, medium"],
  [
    `{"type":"identity.upserted","user":"x","attributes":{"A":[${Array.from({ length: 33 }, (_, i) => i).join()}]}}`,
    "at most 32",
  ],
];

test("what is wrong in a file of events is rejected byte for byte with its reason, and the rest goes through", async () => {
  const good = [
    '\uFEFF{"type":"identity.upserted","user":"Zoë 😀","attributes":{"CITY":"São Paulo"},"at":"2026-01-02T00:00:00Z"}',
    '{"type":"assignment.granted","user":"Zoë 😀","entitlement":"Späti \\"24\\""}\r',
    '{"type":"identity.upserted","user":"Zoë 😀","attributes":{"CITY":"São Paulo"},"at":"2026-01-02T00:00:00Z"}',
    '{"type":"identity.changed","user":"Zoë 😀","attributes":{"CITY":"Lund"},"at":"2026-01-01T00:00:00Z"}',
  ];
  const noText = Buffer.from([0xff, 0xfe]);
  const bytes = Buffer.concat([
    Buffer.from(`${[good[0], ...BAD_LINES.map(([line]) => line), good[1]].join("\n")}\n\n`),
    noText,
    Buffer.from(`\n${good[2]}\n${good[3]}`),
  ]);
  const { lines, counts } = await cli.json<Applied>([
    "apply",
    file("mixed.ndjson", bytes),
    "--data",
    "mixed",
    ...QUIET,
  ]);
  expect(counts).toEqual({ applied: 2, unchanged: 1, late: 1, rejected: BAD_LINES.length + 1 });
  expect(lines).toBe(sum(counts));
  expect(await cli.json(["status", "--data", "mixed"])).toMatchObject({ inputs: counts });

  const rejects = rejectsOf("mixed");
  expect(rejects).toHaveLength(BAD_LINES.length + 1);
  expect(rejects.at(-1)).toContain(`"bytes":"${noText.toString("base64")}"`);
  for (const [i, [line, message]] of BAD_LINES.entries()) {
    const endings = [`,"value":${line}}`, `,"bytes":"${Buffer.from(line).toString("base64")}"}`];
    expect(
      endings.some((ending) => rejects[i]?.endsWith(ending)),
      `byte for byte: ${line}`,
    ).toBe(true);
    const { headers } = JSON.parse(rejects[i] ?? "") as { headers: Record<string, string> };
    expect(headers["__connect.errors.exception.message"]).toContain(message);
    expect(headers).toMatchObject({ "__connect.errors.topic": "hr.identities", "__connect.errors.partition": "0" });
  }
  await cli.json(["export", "--out", "mixed-view", "--data", "mixed"]);
  expect(readFileSync(join(cli.path, "mixed-view", "predictions.ndjson"), "utf8")).toContain(
    '"user":"Zoë 😀","entitlement":"Späti \\"24\\""',
  );
});

test("a record that is too large is told, and the rest goes through", async () => {
  const lineOf = (bytes: number) => {
    const [head, tail] = ['{"type":"identity.upserted","user":"', '","attributes":{}}'];
    return `${head}${"x".repeat(bytes - head.length - tail.length)}${tail}\n`;
  };
  const good = '{"type":"identity.upserted","user":"a","attributes":{}}\n';
  const sizes = [998_976, 998_977, 1_030_000, 5_000_000];
  const { err, out } = await cli.run([
    "apply",
    file("huge.ndjson", [good, ...sizes.map(lineOf), good.replace("a", "b")].join("")),
    "--data",
    "huge",
    ...QUIET,
  ]);
  for (const [i, size] of sizes.slice(1).entries()) {
    expect(err).toContain(`huge.ndjson:${i + 3} has ${size} bytes; allowed: at most 998976`);
  }
  // The first of them fits into a record; its user's name is what is refused.
  expect(out).toContain("6 lines, 3 read: 2 applied, 0 unchanged, 0 late, 4 rejected");
  expect(rejectsOf("huge")).toHaveLength(1);
});

test("more rejects than allowed stop the worker, and nothing of the step is kept", async () => {
  const name = file("flood.ndjson", `${"nonsense\n".repeat(30)}{"type":"identity.removed","user":"a"}\n`);
  const flood = ["apply", name, "--data", "flood", ...QUIET];
  const stopped = await cli.run([...flood, "--set", "rejectsPerMinuteMax=20"]);
  expect(stopped.err).toContain("30 records rejected within a minute, more than rejectsPerMinuteMax (20)");
  expect(stopped.err).toContain("offset 29 of hr.identities, partition 0");
  expect(stopped.code).toBe(EXIT_CODES.input);
  expect(await cli.json(flood)).toMatchObject({ counts: { applied: 1, rejected: 30 } });
});

test("an empty file and standard input", async () => {
  expect(await cli.json(["apply", file("empty.ndjson", ""), "--data", "pipe", ...QUIET])).toMatchObject({
    lines: 0,
    deltas: 0,
  });
  const piped = await cli.json(["apply", "-", "--data", "pipe", ...QUIET], {
    stdin: '{"type":"identity.removed","user":"a"}\n',
  });
  expect(piped).toMatchObject({ lines: 1, counts: { applied: 1 } });
  const missing = await cli.run(["apply", "nowhere.ndjson", "--data", "pipe", ...QUIET]);
  expect(missing).toMatchObject({
    code: EXIT_CODES.input,
    err: expect.stringContaining("cannot read nowhere.ndjson") as string,
  });
});

describe("CSV files that cannot be used", () => {
  test.each<[string, string | Uint8Array, string]>([
    ["empty", "", "bad.csv is empty: it has not even a header"],
    ["a column is missing", "USER,CITY\na,b\n", "there is no column USR_KEY; the columns are USER, CITY"],
    ["a header twice", "USR_KEY,CITY,CITY\n", "columns 2 and 3 are both called CITY"],
    ["quotes", 'USR_KEY,CITY\na,"b\n', "the quotes do not match"],
    ["a row too long", "USR_KEY,CITY\na,b,c\n", "bad.csv, line 2: 3 values, but the header names 2 columns"],
    ["a user twice", "USR_KEY,CITY\na,b\nc,d\na,e\n", "bad.csv, line 4: the same USR_KEY as in line 2"],
    ["no user", "USR_KEY,CITY\n,b\n", "line 2: USR_KEY is empty"],
    ["not UTF-8", Buffer.from("USR_KEY,CITY\na,\xff\n", "latin1"), "not UTF-8"],
    ["a row too short", "USR_KEY,CITY,DEPT\r\na,b\r\n", "bad.csv, line 2: 2 values, but the header names 3 columns"],
    ["a column without a name", "USR_KEY,,CITY\n", "bad.csv, line 1: column 2 has no name"],
    ["quotes in the middle", 'USR_KEY,CITY\na,"b"c\n', "bad.csv, line 2: the quotes do not match"],
    ["a text too long", `USR_KEY,CITY\na,${"b".repeat(1_025)}\n`, "line 2: CITY is not an allowed text"],
  ])("identities: %s", async (_, content, message) => {
    const { code, err, out } = await cli.run([
      "import",
      "--identities",
      file("bad.csv", content),
      "--data",
      "bad",
      ...QUIET,
    ]);
    expect(err).toContain(message);
    expect(out).toBe("");
    expect(code).toBe(EXIT_CODES.input);
  });
});

describe("a file that cannot be used keeps the others out", () => {
  test.each<[string, string, string]>([
    ["a column is missing", "USR_KEY,HIGH_RISK\na,\n", "there is no column ENT; the columns are USR_KEY, HIGH_RISK"],
    ["a time", "USR_KEY,ENT,LAST_USAGE\na,e,yesterday\n", "line 2: LAST_USAGE is not an RFC 3339 time"],
    ["a risk", "USR_KEY,ENT,HIGH_RISK\na,e,maybe\n", "line 2: HIGH_RISK is not one of high, critical"],
    ["a contradiction", "USR_KEY,ENT,ASSIGNED\na,e,yes\nb,e,\na,e,no\n", "line 4: contradicts line 2"],
  ])("assignments: %s", async (name, content, message) => {
    const good = file("good.csv", "USR_KEY,CITY\na,b\n");
    const files = ["--identities", good, "--assignments", file("bad-pairs.csv", content)];
    const { code, err } = await cli.run(["import", ...files, "--data", name, ...QUIET]);
    expect(err).toContain(message);
    expect(code).toBe(EXIT_CODES.input);
    expect(existsSync(join(cli.path, name))).toBe(false);
  });

  test("a file that is not there", async () => {
    const { code, err } = await cli.run(["import", "--identities", "nowhere.csv", "--data", "nowhere", ...QUIET]);
    expect(err).toMatch(/cannot read .*nowhere\.csv.*\n {2}nothing was imported/);
    expect(code).toBe(EXIT_CODES.input);
  });
});

test("BOM, CRLF, quoted and non-ASCII names, other columns and delimiters are fine", async () => {
  const identities = file(
    "odd.csv",
    '\uFEFFEmployee;Stadt;Rollen;Notiz\r\n"Müller; Jürgen";Köln;a|b;"sagt ""ja"""\r\n',
  );
  const columns = ["identities.user=Employee", "identities.attributes=Stadt,Rollen", "identities.separator.Rollen=|"];
  const args = [
    "import",
    "--identities",
    identities,
    "--delimiter",
    ";",
    ...columns.flatMap((column) => ["--column", column]),
  ];
  expect(await cli.json([...args, "--data", "odd", ...QUIET])).toMatchObject({ counts: { applied: 1, rejected: 0 } });
  expect(await cli.json([...args, "--data", "odd", ...QUIET])).toMatchObject({ events: {} });
  const stored = readFileSync(join(cli.path, "odd", "journal", "hr.identities-0.ndjson"), "utf8");
  expect(stored).toContain('"user":"Müller; Jürgen","attributes":{"Stadt":"Köln","Rollen":["a","b"]}');
});

test("so they are in the files of entitlements and assignments", async () => {
  const entitlements = file("odd-ent.csv", '\uFEFFENT,APP_NAME,APP_ID\r\n"Rôle ""x"", ☃",Ünï,u-1\r\n');
  const assignments = file(
    "odd-pairs.csv",
    '\uFEFFUSR_KEY,ENT,HIGH_RISK,LAST_USAGE,ASSIGNED\r\n"Müller, Jürgen","Rôle ""x"", ☃",High,2020-06-06 17:11:07,\r\nb,E,,,false\r\n',
  );
  const args = ["import", "--entitlements", entitlements, "--assignments", assignments, "--data", "pairs", ...QUIET];
  expect(await cli.json(args)).toMatchObject({
    rows: { entitlements: 1, assignments: 2 },
    events: { "entitlement.upserted": 1, "assignment.granted": 1 },
    counts: { applied: 2, rejected: 0 },
  });
  expect(await cli.json(args)).toMatchObject({ events: {} });
  const explain = ["explain", "--user", "Müller, Jürgen", "--entitlement", 'Rôle "x", ☃', "--data", "pairs"];
  expect((await cli.run(explain)).code).toBe(0);
});

test("replace removes what the files do not mention", async () => {
  const two = file("two.csv", "USR_KEY,CITY\na,X\nb,X\n");
  await cli.json(["import", "--identities", two, "--data", "replace", ...QUIET]);
  const one = file("one.csv", "USR_KEY,CITY\na,X\n");
  expect(await cli.json(["import", "--identities", one, "--data", "replace", ...QUIET])).toMatchObject({ events: {} });
  const replaced = await cli.json(["import", "--identities", one, "--mode", "replace", "--data", "replace", ...QUIET]);
  expect(replaced).toMatchObject({ events: { "identity.removed": 1 }, counts: { applied: 1 } });
});

test.each(["import --identities x.csv", "apply x.ndjson", "demo", "run"])(
  "bad configuration is told before `%s` touches anything",
  async (command) => {
    const config = file("bad.yaml", "bands:\n  hihg: 0.9\nstep:\n  recordsMax: lots\n");
    const { code, err, out } = await cli.run([...command.split(" "), "--config", config, "--data", "untouched"]);
    expect(err).toContain("bands.hihg");
    expect(err).toContain("did you mean bands.high?");
    expect(err).toMatch(/step\.recordsMax \(.*bad\.yaml\) is "lots"; allowed: a whole number from 1 to 1000000/);
    expect(out).toBe("");
    expect(code).toBe(EXIT_CODES.config);
    expect(existsSync(join(cli.path, "untouched"))).toBe(false);
  },
);

test("replace refuses to remove too much at once, until it is released", async () => {
  const people = (count: number) => Array.from({ length: count }, (_, i) => `u${i}`);
  const load = (name: string, count: number, ...more: string[]) => {
    const csv = file(name, ["USR_KEY,CITY", ...people(count).map((user) => `${user},Austin`), ""].join("\n"));
    return ["import", "--identities", csv, "--data", "large", ...QUIET, ...more];
  };
  const replace = ["--mode", "replace"];
  await cli.json(load("all.csv", 100));
  const refused = await cli.run(load("header.csv", 0, ...replace));
  expect(refused.code).toBe(EXIT_CODES.input);
  expect(refused.err).toContain("would remove 100 of 100 identities, more than snapshotRemoveMax (0.05) of them");
  expect(refused.err).toContain("--release-removals");
  expect((await cli.run(load("half.csv", 50, ...replace))).code).toBe(EXIT_CODES.input);
  expect(await cli.json(["status", "--data", "large"])).toMatchObject({ inputs: { applied: 100 } });

  const few = await cli.run(load("most.csv", 51, ...replace));
  expect(few.code).toBe(0);
  expect(few.out).toContain("Removed, because the files do not mention them: 49 of 100 identities");
  expect(await cli.json(load("all.csv", 100))).toMatchObject({ events: { "identity.upserted": 49 }, removals: [] });
  const half = load("half.csv", 50, ...replace, "--set", "snapshotRemoveMax=0.5");
  expect(await cli.json(half)).toMatchObject({ removals: [{ name: "identities", removed: 50, before: 100 }] });
  expect(await cli.json(load("none.csv", 0, ...replace, "--release-removals"))).toMatchObject({
    events: { "identity.removed": 50 },
  });
}, 90_000);

test("a file moves time by clock.ticked: what follows may be dated by it, and a rebuild judges alike", async () => {
  const at = "2999-01-01T00:00:00Z";
  const lines = [
    { type: "identity.upserted", user: "early", attributes: {}, at },
    { type: "clock.ticked", at },
    { type: "identity.upserted", user: "u", attributes: {}, at },
    { type: "assignment.granted", user: "u", entitlement: "e", at },
  ].map((event) => JSON.stringify(event));
  const counts = { applied: 3, rejected: 1 };
  const data = ["--data", "ticked", ...QUIET];
  const name = file("ticked.ndjson", lines.join("\n"));
  expect(await cli.json(["apply", name, ...data])).toMatchObject({ counts });
  await cli.json(["rebuild", ...data]);
  expect(await cli.json(["status", ...data])).toMatchObject({ clock: "2999-01-01T00:00:00.000Z", inputs: counts });
});
