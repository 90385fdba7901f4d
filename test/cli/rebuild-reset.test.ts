import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { EXIT_CODES } from "../../src/errors.ts";
import { OperatedCompany } from "./operated-company.ts";

const company = new OperatedCompany();
afterAll(() => company.cli.remove());

test("C7: a rebuild gives the same tables and view, and publishes nothing twice", async () => {
  await company.found("built");
  await company.move("built", "karen.11");
  const [outputs, view] = [company.outputs("built"), await company.exported("built")];

  const rebuilt = await company.json<{ aside: string }>("built", ["rebuild"]);
  expect(rebuilt).toMatchObject({
    step: 3,
    inputs: { applied: 28, rejected: 2 },
    published: { deltas: 0 },
    positions: { "hr.identities": [14] },
  });
  expect(readdirSync(company.path("built"))).toContain(rebuilt.aside.split("/").at(-1));
  expect(company.outputs("built")).toEqual(outputs);
  expect(await company.exported("built")).toBe(view);
  await company.verify("built");
});

test("C7: the state file is lost, or damaged; doctor says so, and rebuild mends it", async () => {
  await company.found("gone");
  const outputs = company.outputs("gone");
  for (const name of ["state.db", "state.db-wal", "state.db-shm"]) rmSync(company.path("gone", name), { force: true });
  const lost = await company.json<{ progress: object }>("gone", ["doctor"]);
  expect(lost.progress).toMatchObject({ nextStart: "restore", warnings: [expect.stringContaining("C7")] });
  await company.json("gone", ["rebuild"]);

  writeFileSync(company.path("gone", "state.db"), Buffer.alloc(20_000, 1), { flag: "r+" });
  const damaged = await company.run("gone", ["doctor"]);
  expect(damaged.code).toBe(EXIT_CODES.differs);
  expect(damaged.out).toMatch(/PROBLEM: .*state\.db.*corollary rebuild/);
  expect((await company.run("gone", ["verify"])).code).toBe(EXIT_CODES.state);
  await company.json("gone", ["rebuild"]);
  expect(company.outputs("gone")).toEqual(outputs);
  await company.verify("gone");
});

test("other settings rebuild only when told so; then the difference is published", async () => {
  await company.found("other");
  const other = ["--set", "minSupport=6"];
  const refused = await company.run("other", ["rebuild", ...other]);
  expect(refused).toMatchObject({
    code: EXIT_CODES.config,
    err: expect.stringContaining("--accept-config-change") as string,
  });
  await company.verify("other");
  const accepted = ["rebuild", "--accept-config-change", ...other];
  const rebuilt = await company.json<{ published: { deltas: number } }>("other", accepted);
  expect(rebuilt.published.deltas).toBeGreaterThan(0);
  const verify = ["verify", "--topics", ...other];
  const { checks } = await company.json<{ checks: { differences: string[] }[] }>("other", verify);
  expect(checks.flatMap(({ differences }) => differences)).toEqual([]);
});

test("without topics there is nothing to rebuild from", async () => {
  expect(await company.run("empty", ["rebuild"])).toMatchObject({ code: EXIT_CODES.transport });
});

test("reset says what it would do, and does it with --yes only", async () => {
  await company.found("over");
  writeFileSync(company.path("over", "notes.txt"), "mine");
  const before = company.contents("over");
  const dry = await company.run("over", ["reset"]);
  expect(dry.code).toBe(0);
  expect(dry.out).toMatch(/would remove {2}\S+state\.db \(\d+ bytes\)/);
  expect(dry.out).toMatch(/would remove {2}\S+journal with all that is in it/);
  expect(dry.out).toMatch(/leaves {8}\S+notes\.txt/);
  expect(dry.out).toContain("Nothing was changed; --yes does it.");
  expect(company.contents("over")).toEqual(before);

  const done = await company.json("over", ["reset", "--yes"]);
  expect(done).toMatchObject({ done: true, kept: ["notes.txt"], untouched: [] });
  expect(readdirSync(company.path("over")).sort()).toEqual(["lock.db", "notes.txt"]);
  expect((await company.run("over", ["reset"])).out).toContain("there is nothing to remove");
  await company.found("over");
  await company.verify("over");
});
