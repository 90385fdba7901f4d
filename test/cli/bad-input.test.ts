import { readFileSync, writeFileSync } from "node:fs";
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

test("what is wrong in a file of events is rejected byte for byte, and the rest goes through", async () => {
  const bad = [
    '{"type":"identity.upserted","user":"x"', // broken JSON
    '{"type":"identity.exploded","user":"x"}',
    '{"type":"identity.upserted","attributes":{}}',
    '{"type":"assignment.granted","user":"x","entitlement":7}',
    "not even close ☃",
  ];
  const good = [
    '\uFEFF{"type":"identity.upserted","user":"Zoë 😀","attributes":{"CITY":"São Paulo"}}',
    '{"type":"assignment.granted","user":"Zoë 😀","entitlement":"Späti"}\r',
    '{"type":"identity.upserted","user":"Zoë 😀","attributes":{"CITY":"São Paulo"}}',
  ];
  const bytes = Buffer.concat([
    Buffer.from(`${[good[0], ...bad, good[1]].join("\n")}\n\n`),
    Buffer.from([0xff, 0xfe, 10]),
    Buffer.from(good[2] ?? ""),
  ]);
  const { counts } = await cli.json<{ counts: object }>([
    "apply",
    file("mixed.ndjson", bytes),
    "--data",
    "mixed",
    ...QUIET,
  ]);
  expect(counts).toEqual({ applied: 2, unchanged: 1, late: 0, rejected: bad.length + 1 });

  const rejects = readFileSync(join(cli.path, "mixed", "journal", "rejects-0.ndjson"), "utf8");
  for (const line of bad.slice(1, 4)) expect(rejects).toContain(JSON.stringify(JSON.parse(line)));
  for (const line of [bad[0], bad[4]]) expect(rejects).toContain(Buffer.from(line ?? "").toString("base64"));
  expect(rejects.match(/__connect\.errors\./g)?.length).toBeGreaterThan(bad.length);
});

test("a record that is too large is told, and the rest goes through", async () => {
  const huge = `{"type":"identity.upserted","user":"${"x".repeat(1_200_000)}","attributes":{}}`;
  const name = file("huge.ndjson", `${huge}\n{"type":"identity.upserted","user":"a","attributes":{}}\n`);
  const { code, err, out } = await cli.run(["apply", name, "--data", "huge", ...QUIET]);
  expect(err).toMatch(/huge\.ndjson:1 has 1200\d+ bytes; allowed: at most/);
  expect(out).toContain("1 applied");
  expect(code).toBe(0);
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
  ])("%s", async (_, content, message) => {
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

test("replace removes what the files do not mention", async () => {
  const two = file("two.csv", "USR_KEY,CITY\na,X\nb,X\n");
  await cli.json(["import", "--identities", two, "--data", "replace", ...QUIET]);
  const one = file("one.csv", "USR_KEY,CITY\na,X\n");
  expect(await cli.json(["import", "--identities", one, "--data", "replace", ...QUIET])).toMatchObject({ events: {} });
  const replaced = await cli.json(["import", "--identities", one, "--mode", "replace", "--data", "replace", ...QUIET]);
  expect(replaced).toMatchObject({ events: { "identity.removed": 1 }, counts: { applied: 1 } });
});
