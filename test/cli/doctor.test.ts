import { rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { estimateBytes } from "../../src/cli/memory-estimate.ts";
import { EXIT_CODES } from "../../src/errors.ts";
import { OperatedCompany } from "./operated-company.ts";

const company = new OperatedCompany();
beforeAll(() => company.found("data"));
afterAll(() => company.cli.remove());

test("a healthy company: facts on everything, no problem, and nothing is changed", async () => {
  await company.json("data", ["backup", "data.db"]);
  const before = company.contents("data");
  const found = await company.json("data", ["doctor"]);
  expect(company.contents("data")).toEqual(before);
  expect(found).toMatchObject({
    problems: 0,
    program: { sqlite: expect.stringMatching(/^3\./) as string },
    state: { engine: "corollary", step: 2, heldBy: null, checked: true, inputs: { applied: 27, rejected: 2 } },
    inbox: { waiting: 0, refused: 0 },
    topics: { warnings: [] },
    positions: { lag: 0 },
    progress: { step: 2, nextStart: "published" },
    backup: { last: { step: 2 }, inputsWhole: true },
    attributes: { warnings: ["2 useful attributes; 7 to 15 have been found to work best"] },
    memory: { people: 11, assignments: 14, itemsPerPerson: 2 },
  });
  const { out } = await company.run("data", ["doctor"]);
  expect(out).toMatch(/positions\n {2}hr\.identities\/0: oldest 0, next 13, end 13\n/);
});

test("nothing there yet is no problem", async () => {
  expect(await company.json("nowhere", ["doctor"])).toMatchObject({ problems: 0 });
});

test("beside a running worker it names the process", async () => {
  await company.besideWorker("data", async (pid) => {
    expect(await company.json("data", ["doctor"])).toMatchObject({ problems: 0, state: { heldBy: pid } });
  });
});

test("C11: inputs that end before the position are somebody else's", async () => {
  await company.found("cut");
  writeFileSync(company.path("cut", "journal", "appended.ndjson"), "");
  const { code, out } = await company.run("cut", ["doctor", "--quick"]);
  expect(code).toBe(EXIT_CODES.differs);
  expect(out).toContain("hr.identities/0: oldest 0, next 13, end 0");
  expect(out).toMatch(/PROBLEM: input topic hr\.identities is not the one .* ends at 0, before position 13/);
});

test("a lost file of the journal, another engine's state, other settings", async () => {
  await company.found("loss");
  const other = await company.run("loss", ["doctor", "--quick", "--set", "engine=other", "--set", "minSupport=5"]);
  expect(other.out).toContain("PROBLEM: it belongs to engine corollary, not to other");
  expect(other.out).toContain("Warning: settings that change results differ");
  rmSync(company.path("loss", "journal", "progress-0.ndjson"));
  const { code, out } = await company.run("loss", ["doctor", "--quick"]);
  expect(code).toBe(EXIT_CODES.differs);
  expect(out).toMatch(/PROBLEM: the journal in \S+ has lost progress-0\.ndjson/);
});

test("--size tells whether a company fits, and needs its numbers", async () => {
  const size = (people: number, assignments: number) =>
    company.run("nowhere", ["doctor", "--size", "--people", String(people), "--assignments", String(assignments)]);
  expect(await size(1_000, 10_000)).toMatchObject({ code: 0 });
  const large = await size(900_000_000, 1_000_000_000);
  expect(large.code).toBe(EXIT_CODES.differs);
  expect(large.out).toMatch(/PROBLEM: the company needs about \d+ MiB; allowed is 80 % of the \d+ MiB here/);
  expect((await company.run("nowhere", ["doctor", "--size", "--people", "5"])).code).toBe(EXIT_CODES.usage);
});

/** MiB that the engine's tables took when they were measured, without the process around them. */
test.each([
  [1_000, 9_380, 8, 3, 8.1],
  [10_000, 109_766, 8, 3, 73.2],
  [10_000, 109_766, 8, 2, 32.6],
  [5_000, 52_443, 12, 3, 86.9],
  [30_000, 409_601, 8, 3, 223.5],
  [100_000, 1_675_804, 8, 3, 814.4],
])("the estimate for %i people and %i assignments lies a little above the measure", (...row) => {
  const [people, assignments, itemsPerPerson, maxRuleLength, mib] = row;
  const process = estimateBytes({ people: 0, assignments: 0, itemsPerPerson, maxRuleLength });
  const tables = (estimateBytes({ people, assignments, itemsPerPerson, maxRuleLength }) - process) / 2 ** 20;
  expect(tables).toBeGreaterThan(mib * 0.9);
  expect(tables).toBeLessThan(mib * 1.5);
});
