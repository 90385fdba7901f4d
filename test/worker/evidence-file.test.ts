import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EvidenceRow, ImplicationRow } from "../../src/core/rows.ts";
import { readEvidence, writeEvidence } from "../../src/worker/evidence-file.ts";

const drifted: EvidenceRow[] = Array.from({ length: 25_001 }, (_, i) => [i, `${i} ${i + 1}`, i + 3, i + 5]);
const implications: ImplicationRow[] = [
  [7, 8],
  [7, 9],
];
const KEPT = { drifted, implications };
const NOTHING = { drifted: [], implications: [] };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "corollary-evidence-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("kept evidence", () => {
  test("comes back to the same state, and to one that has gone on", async () => {
    await writeEvidence(folder, { engine: "a", epoch: 2, step: 10 }, KEPT);
    expect(await readEvidence(folder, { engine: "a", epoch: 2, step: 10 })).toEqual(KEPT);
    expect(await readEvidence(folder, { engine: "a", epoch: 3, step: 11 })).toEqual(KEPT);
  });

  test("is not for another engine, nor for a state that was put back to before it", async () => {
    await writeEvidence(folder, { engine: "a", epoch: 2, step: 10 }, KEPT);
    expect(await readEvidence(folder, { engine: "b", epoch: 2, step: 10 })).toEqual(NOTHING);
    expect(await readEvidence(folder, { engine: "a", epoch: 2, step: 9 })).toEqual(NOTHING);
    expect(await readEvidence(folder, { engine: "a", epoch: 1, step: 10 })).toEqual(NOTHING);
  });

  test("need not be there", async () => {
    expect(await readEvidence(folder, { engine: "a", epoch: 1, step: 1 })).toEqual(NOTHING);
  });
});
