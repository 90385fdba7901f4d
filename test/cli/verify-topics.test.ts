import { cpSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXIT_CODES } from "../../src/errors.ts";
import { OperatedCompany } from "./operated-company.ts";

const company = new OperatedCompany();
beforeAll(async () => {
  await company.found("data");
  await company.move("data", "karen.11", "alice.1");
});
afterAll(() => company.cli.remove());

const PREDICTIONS = "journal/predictions-0.ndjson";
const PROGRESS = "journal/progress-0.ndjson";

/** A copy of the state folder with one of its files changed. */
function damaged(data: string, file: string, change: (text: string) => string): void {
  cpSync(company.path("data"), company.path(data), { recursive: true });
  const before = String(company.file(data, file));
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(company.path(data, file), after);
}

test("what consumers can rebuild is what the state says they were told", async () => {
  await company.verify("data");
  const { out } = await company.run("data", ["verify", "--topics"]);
  expect(out).toContain("view rebuilt from the output topics against the published one: equal");
});

test("a record that says something else is found, with its pair", async () => {
  const last = String(company.file("data", PREDICTIONS)).trimEnd().split("\n").at(-1) ?? "";
  damaged("altered", PREDICTIONS, (text) => text.replace(last, last.replace(/"freqUnion":\d/, '"freqUnion":9')));
  const { code, out } = await company.run("altered", ["verify", "--topics"]);
  expect(code).toBe(EXIT_CODES.differs);
  expect(out).toMatch(/view rebuilt .*: DIFFERS\n {2}predictions: "\S+" → ".*": .* 9 of \d.*, expected .* \d of \d/);
  expect((await company.run("altered", ["verify"])).code).toBe(0);
});

test("a record that comes twice, and one of another engine, are found", async () => {
  const [first = "", second = ""] = String(company.file("data", PREDICTIONS)).match(/"cor":"[^"]*"/g) ?? [];
  damaged("repeated", PREDICTIONS, (text) => text.replace(second, first));
  const repeated = await company.run("repeated", ["verify", "--topics"]);
  expect(repeated.code).toBe(EXIT_CODES.differs);
  expect(repeated.out).toContain("is epoch 1, step 1, record 0, after epoch 1, step 1, record 0");
  damaged("foreign", PREDICTIONS, (text) => text.replace("corollary.1.1.0", "marollary.1.1.0"));
  const foreign = await company.run("foreign", ["verify", "--topics"]);
  expect(foreign.out).toContain("was not written by engine corollary");
});

test("C2: a step that is fixed and not sent counts as told; further apart, both are refused", async () => {
  const lines = (text: string, from: number, to: number) => text.split("\n").slice(from, to).join("\n");
  damaged("unsent", PROGRESS, (text) => `${lines(text, 0, -2)}\n`);
  const unsent = await company.run("unsent", ["verify", "--topics"]);
  expect(unsent).toMatchObject({
    code: 0,
    out: expect.stringContaining("equal, with step 3 that is to be sent") as string,
  });
  const doctor = await company.json<{ progress: object }>("unsent", ["doctor", "--quick"]);
  expect(doctor.progress).toMatchObject({ nextStart: "unpublished" });
  damaged("apart", PROGRESS, (text) => `${lines(text, 0, -3)}\n`);
  expect((await company.run("apart", ["verify", "--topics"])).code).toBe(EXIT_CODES.state);
  expect((await company.run("apart", ["doctor", "--quick"])).code).toBe(EXIT_CODES.differs);
});

test("a worker may go on meanwhile", async () => {
  await company.besideWorker("data", async () => {
    await company.move("data", "fred.6", "harry.8");
    for (let n = 0; n < 3; n++) {
      const { code, out } = await company.run("data", ["verify", "--topics"]);
      expect({ code, out }).toMatchObject({ code: 0 });
    }
  });
  await company.verify("data");
});
