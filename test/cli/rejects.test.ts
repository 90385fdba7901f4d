import { afterAll, beforeAll, expect, test } from "vitest";
import { EXIT_CODES } from "../../src/errors.ts";
import { OperatedCompany } from "./operated-company.ts";

const company = new OperatedCompany();
beforeAll(() => company.found("data"));
afterAll(() => company.cli.remove());

interface Listed {
  readonly total: number;
  readonly rejects: readonly { readonly place: string; readonly valueBase64?: string }[];
}

test("list shows place and reason, and the record only on demand", async () => {
  const plain = await company.run("data", ["rejects", "list"]);
  expect(plain.out).toMatch(/^hr\.identities\/0\/11 {2}\S+Z {2}type: expected the type of an event .*"nonsense"$/m);
  expect(plain.out).toContain("2 rejects");
  expect(plain.out).not.toContain('"user"');
  const { total, rejects } = await company.json<Listed>("data", ["rejects", "list", "--last", "1", "--values"]);
  expect(total).toBe(2);
  expect(rejects).toEqual([
    {
      place: "hr.identities/0/12",
      topic: "hr.identities",
      partition: 0,
      offset: 12,
      rejectedAt: expect.stringMatching(/Z$/) as string,
      reason: "record: expected a JSON object with a type, or an Avro record; got broken JSON",
      bytes: 8,
      cut: false,
      valueBase64: Buffer.from("not json").toString("base64"),
    },
  ]);
});

test("replay appends the bytes again, each reject once; still bad, it is a new reject", async () => {
  const inputs = () => String(company.file("data", "journal/hr.identities-0.ndjson")).trimEnd().split("\n");
  const lines = inputs().length;
  const replay = (...args: string[]) => company.json("data", ["rejects", "replay", ...args]);
  expect(await replay("hr.identities/0/12")).toMatchObject({ replayed: 1, records: 1, counts: { rejected: 1 } });
  expect(await replay("hr.identities/0/12")).toMatchObject({ replayed: 1, records: 0 });
  expect(inputs()).toHaveLength(lines + 1);
  const values = inputs().map((line) => JSON.parse(line) as { value?: unknown; bytes?: string; headers: object });
  expect(values.at(-1)).toMatchObject({ bytes: Buffer.from("not json").toString("base64"), headers: {} });

  // All: the other old one, and the new one; the one replayed above is skipped.
  expect(await replay("--all")).toMatchObject({ replayed: 3, skipped: [], records: 2 });
  const { rejects } = await company.json<Listed>("data", ["rejects", "list"]);
  expect(rejects.map(({ place }) => place)).toEqual([11, 12, 13, 14, 15].map((offset) => `hr.identities/0/${offset}`));
  await company.verify("data");
});

test("a running worker gets replayed records through its inbox", async () => {
  await company.found("busy");
  await company.besideWorker("busy", async () => {
    const replayed = await company.run("busy", ["rejects", "replay", "hr.identities/0/11"]);
    expect(replayed.out).toContain("1 records handed to the worker");
    const total = async () => (await company.json<Listed>("busy", ["rejects", "list"])).total;
    for (let tries = 0; tries < 50 && (await total()) < 3; tries++);
  });
  expect((await company.json<Listed>("busy", ["rejects", "list"])).total).toBe(3);
  await company.verify("busy");
});

test.each([
  [["rejects", "replay"], "usage"],
  [["rejects", "replay", "--all", "hr.identities/0/11"], "usage"],
  [["rejects", "replay", "hr.identities/0/999"], "input"],
  [["rejects", "list", "--last", "0"], "usage"],
  [["rejects"], "usage"],
] as const)("%j is refused as %s", async (args, code) => {
  expect((await company.run("data", args)).code).toBe(EXIT_CODES[code]);
});
