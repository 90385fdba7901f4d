/** Small sizes of the benchmarks, so that they cannot rot, and proof that their proofs can fail. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { codesOf, writeCompany } from "../../benchmarks/company-files.ts";
import { COMPANY_MINUTE, companyRows } from "../../benchmarks/company-rows.ts";
import { checkContract, exactDigest } from "../../benchmarks/contract.ts";
import { benchCore } from "../../benchmarks/core-bench.ts";
import { settle, startEngine } from "../../benchmarks/core-run.ts";
import { RowDigest } from "../../benchmarks/digest.ts";
import { Latencies } from "../../benchmarks/latencies.ts";
import { hasPeers, runPeers } from "../../benchmarks/peer-runs.ts";
import { PlainAnswer } from "../../benchmarks/plain-answer.ts";
import { DEFAULT_SETTINGS } from "../../src/core/settings.ts";
import { makeCompany } from "../../src/demo/company.ts";

const company = makeCompany({ people: 150, seed: 1 });
const rows = companyRows(company, DEFAULT_SETTINGS);
const started = startEngine(rows, DEFAULT_SETTINGS).engine;

describe("benchmarks", { timeout: 120_000 }, () => {
  test("the generated company is as dense as real ones: thousands of itemsets, tens of thousands of rules", () => {
    const thousand = makeCompany({ people: 1000, seed: 1 });
    const { engine } = startEngine(companyRows(thousand, DEFAULT_SETTINGS), DEFAULT_SETTINGS);
    const digest = exactDigest(engine, codesOf(thousand));
    const [itemsets, rules, recommendations] = [digest.itemsets, digest.rules, digest.recommendations].map((text) =>
      Number(text.split(":")[0]),
    );
    expect(itemsets).toBeGreaterThan(5_000);
    expect(itemsets).toBeLessThan(15_000);
    expect(rules).toBeGreaterThan(40_000);
    expect(rules).toBeLessThan(120_000);
    expect(recommendations).toBeGreaterThan(300);
  });

  test("core: starts, runs workload W and keeps the contract", () => {
    const { figures, faults } = benchCore({
      people: 120,
      seed: 2,
      attributes: 9,
      warmUpEvents: 50,
      events: 200,
      laneEvents: 20,
      lookEvents: 50,
      budgetRecords: 50,
      materialityHundredths: 1,
      clock: "cpu",
      proof: null,
      contract: true,
    });
    expect(faults).toEqual([]);
    expect(figures).toMatchObject({ workload: { eventsPerSecond: expect.any(Number) } });
  });

  test("the check of the contract finds an engine that computes something else", () => {
    const other = { ...DEFAULT_SETTINGS, confidenceWindow: { numerator: 20, denominator: 100 } };
    const { engine } = startEngine(rows, other);
    settle(engine, COMPANY_MINUTE, 100_000);
    const { faults } = checkContract(engine, DEFAULT_SETTINGS, COMPANY_MINUTE);
    expect(faults.map((fault) => fault.split(":")[0])).toEqual(["exact view", "published view", "reconciled view"]);
  });

  test("the plain answer is the engine's", () => {
    const plain = new PlainAnswer(started.tables(), DEFAULT_SETTINGS);
    expect(exactDigest(started, plain.codes)).toEqual(plain.exact());
  });

  test("a digest tells rows apart, in any order", () => {
    const digestOf = (...list: number[][]): string => {
      const digest = new RowDigest();
      for (const row of list) digest.add(row);
      return String(digest);
    };
    expect(digestOf([1, 2], [3, 4])).toBe(digestOf([3, 4], [1, 2]));
    expect(digestOf([1, 2], [3, 4])).not.toBe(digestOf([1, 4], [3, 2]));
    expect(digestOf([1, 2])).not.toBe(digestOf([2, 1]));
  });

  test("percentiles are those of the sorted list", () => {
    const latencies = new Latencies();
    for (let value = 2000; value >= 1; value -= 1) latencies.add(value);
    expect(latencies.summary()).toEqual({ count: 2000, meanMs: 1000.5, p50Ms: 1001, p99Ms: 1981, maxMs: 2000 });
  });

  test.skipIf(!hasPeers())(
    "peers: the oracle, Polars and DuckDB give the engine's answer (needs `npm run bench:peers` once)",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "corollary-peers-"));
      try {
        cpSync(writeCompany(company), folder, { recursive: true });
        const runs = runPeers(["oracle", "polars", "duckdb"], folder);
        expect(runs[0]!.answer).toEqual(exactDigest(started, codesOf(company)));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
