import { copyFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { EXIT_CODES } from "../../src/errors.ts";
import { OperatedCompany } from "./operated-company.ts";

const company = new OperatedCompany();
afterAll(() => company.cli.remove());

test("C6: a restored backup catches up with the topics; nothing is published twice", async () => {
  await company.found("old");
  const backup = await company.json("old", ["backup", "old.db"]);
  expect(backup).toMatchObject({ step: 2, file: company.path("old.db"), journal: company.path("old.db.journal") });
  await company.move("old", "karen.11", "fred.6");
  const [outputs, view] = [company.outputs("old"), await company.exported("old")];

  const refused = await company.run("old", ["restore", "old.db"]);
  expect(refused).toMatchObject({ code: EXIT_CODES.usage, err: expect.stringContaining("--force") as string });
  const { step, aside } = await company.json<{ step: number; aside: string }>("old", ["restore", "old.db", "--force"]);
  expect(step).toBe(2);
  expect(readdirSync(company.path("old"))).toContain(aside.split("/").at(-1));
  const doctor = await company.json<{ progress: object }>("old", ["doctor", "--quick"]);
  expect(doctor.progress).toMatchObject({ step: 3, nextStart: "restore", problems: [] });

  await company.json("old", ["reconcile"]);
  expect(company.outputs("old")).toEqual(outputs);
  expect(await company.exported("old")).toBe(view);
  await company.verify("old");
  expect(await company.move("old", "alice.1")).toMatchObject({ counts: { applied: 1 } });
  await company.verify("old");
});

test("a lost folder comes back with its journal, beside which the copy was made while the worker ran", async () => {
  await company.found("lost");
  await company.besideWorker("lost", () => company.json("lost", ["backup", "kept/"]));
  const [name] = readdirSync(company.path("kept")).filter((entry) => entry.endsWith(".db"));
  expect(name).toMatch(/^corollary-\d{8}T\d{6}Z\.db$/);
  await company.verify("lost");
  const outputs = company.outputs("lost");
  rmSync(company.path("lost"), { recursive: true });

  const restored = await company.json("lost", ["restore", `kept/${name}`]);
  expect(restored).toMatchObject({ step: 2, aside: null, journalRestored: true });
  await company.json("lost", ["reconcile"]);
  expect(company.outputs("lost")).toEqual(outputs);
  await company.verify("lost");
});

test("backup refuses to write over anything, and to copy nothing", async () => {
  await company.found("plain");
  writeFileSync(company.path("precious"), "precious");
  expect(await company.run("plain", ["backup", "precious"])).toMatchObject({ code: EXIT_CODES.usage });
  expect(await company.run("nowhere", ["backup", "nothing.db"])).toMatchObject({ code: EXIT_CODES.state });
  const alone = await company.json("plain", ["backup", "alone.db", "--state-only"]);
  expect(alone).toMatchObject({ journal: null });
});

test("restore refuses what is damaged, another engine's, or without a journal", async () => {
  await company.found("whole");
  await company.json("whole", ["backup", "whole.db", "--state-only"]);
  const before = company.contents("whole");
  copyFileSync(company.path("whole.db"), company.path("torn.db"));
  writeFileSync(company.path("torn.db"), Buffer.alloc(3000, 7), { flag: "r+" });
  const torn = await company.run("whole", ["restore", "torn.db", "--force"]);
  expect(torn).toMatchObject({ code: EXIT_CODES.state });
  const other = await company.run("whole", ["restore", "whole.db", "--force", "--set", "engine=other"]);
  expect(other).toMatchObject({ code: EXIT_CODES.state, err: expect.stringContaining("engine corollary") as string });
  const orphan = await company.run("elsewhere", ["restore", "whole.db"]);
  expect(orphan).toMatchObject({ code: EXIT_CODES.transport, err: expect.stringContaining("no journal") as string });
  expect(company.contents("whole")).toEqual(before);
});

test("restore, rebuild and reset leave a state alone that a process holds", async () => {
  await company.found("held");
  await company.json("held", ["backup", "held.db"]);
  const codes = await company.besideWorker("held", async () => [
    (await company.run("held", ["restore", "held.db", "--force"])).code,
    (await company.run("held", ["rebuild"])).code,
    (await company.run("held", ["reset", "--yes"])).code,
  ]);
  expect(codes).toEqual([EXIT_CODES.locked, EXIT_CODES.locked, EXIT_CODES.locked]);
  await company.verify("held");
});

test("what an interrupted restore leaves behind does not hurt the next one", async () => {
  await company.found("twice");
  await company.json("twice", ["backup", "twice.db"]);
  // As after a crash between the two renames: the state is gone, its write-ahead log is not.
  renameSync(company.path("twice", "state.db"), company.path("twice", "state.db.before-restore"));
  writeFileSync(company.path("twice", "state.db-wal"), Buffer.alloc(5000, 1));
  writeFileSync(company.path("twice", "state.db.partial"), "half");
  await company.json("twice", ["restore", "twice.db"]);
  await company.json("twice", ["reconcile"]);
  await company.verify("twice");
});
