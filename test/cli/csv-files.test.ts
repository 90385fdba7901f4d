import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AssignmentFile, assignmentsOf, blocksOf } from "../../src/cli/csv-files.ts";
import { ASSIGNMENT_COLUMNS, type AssignmentCsvBlock } from "../../src/events/formats/csv-assignments.ts";
import { PROJECT_ROOT } from "../support/project-root.ts";

const THREAD = pathToFileURL(join(PROJECT_ROOT, "dist/cli/csv-thread-main.js"));
/** Some 10 MB: more than is read without a thread. */
const ROWS = 180_000;

const folder = mkdtempSync(join(tmpdir(), "corollary-csv-"));
const fileNamed = (name: string): AssignmentFile => {
  return { path: join(folder, name), file: name, delimiter: ",", columns: ASSIGNMENT_COLUMNS };
};
const large = fileNamed("large.csv");
const contradictory = fileNamed("contradictory.csv");

beforeAll(() => {
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const day = String((i % 28) + 1).padStart(2, "0");
    return `somebody.${i % 7_001},An entitlement ${i % 89},${i % 3 === 0 ? "High" : ""},2026-01-${day} 09:00:00\n`;
  });
  for (const { path } of [large, contradictory])
    writeFileSync(path, `USR_KEY,ENT,HIGH_RISK,LAST_USAGE\n${rows.join("")}`);
  appendFileSync(contradictory.path, "somebody.0,An entitlement 0,Low,\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function all(blocks: AsyncIterable<AssignmentCsvBlock>): Promise<AssignmentCsvBlock[]> {
  const taken: AssignmentCsvBlock[] = [];
  for await (const block of blocks) taken.push(block);
  return taken;
}

test("a thread gives the same blocks", async () => {
  const blocks = await all(assignmentsOf(large, THREAD));
  expect(blocks.length).toBeGreaterThan(5);
  expect(blocks).toEqual(await all(blocksOf(large)));
});

test("what it finds wrong arrives as it is", async () => {
  const failure = { code: "input", message: `contradictory.csv, line ${ROWS + 2}: contradicts line 2: ` };
  const rejected = await all(assignmentsOf(contradictory, THREAD)).catch((error: unknown) => error);
  expect(rejected).toMatchObject({ code: failure.code, message: expect.stringContaining(failure.message) });
  await expect(all(assignmentsOf(fileNamed("missing.csv"), THREAD))).rejects.toMatchObject({ code: "input" });
});

test("who takes no more ends it; who takes none does not wait for it", async () => {
  for await (const block of assignmentsOf(large, THREAD)) {
    expect(block.userAt.length).toBeGreaterThan(0);
    break;
  }
  assignmentsOf(large, THREAD);
});
