/** Small sizes of the benchmarks beyond the core's own, and of the plot that they end in. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { runBatch } from "../../benchmarks/batch-run.ts";
import { codesOf, writeCompany } from "../../benchmarks/company-files.ts";
import { companyRows } from "../../benchmarks/company-rows.ts";
import { exactDigest } from "../../benchmarks/contract.ts";
import { startEngine } from "../../benchmarks/core-run.ts";
import { growthADecade, growthPlot, type SizeFigures } from "../../benchmarks/growth.ts";
import { countLooks } from "../../benchmarks/looks.ts";
import { type Micro, measure } from "../../benchmarks/micro.ts";
import { companyMicros, intListMicros, ruleTableMicros } from "../../benchmarks/micro-core.ts";
import { deltaMicros, eventMicros } from "../../benchmarks/micro-encoding.ts";
import { benchReorganisation, reorganisation } from "../../benchmarks/reorganisation-run.ts";
import { makeState, restart } from "../../benchmarks/restart-run.ts";
import { Ripple } from "../../src/core/ripple.ts";
import { DEFAULT_SETTINGS } from "../../src/core/settings.ts";
import { attributesOf, makeCompany, profileOf, userOf } from "../../src/demo/company.ts";
import { loadSchemaTable } from "../../src/events/schema-files.ts";

const company = makeCompany({ people: 150, seed: 1 });
const folder = mkdtempSync(join(tmpdir(), "corollary-benchmarks-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("micro", { timeout: 120_000 }, () => {
  test("every operation proves its answer, before and after", async () => {
    const schemas = await loadSchemaTable();
    const micros = [
      ...ruleTableMicros(),
      ...intListMicros(),
      ...companyMicros(company),
      ...eventMicros(company, schemas, 200),
      ...deltaMicros(company, schemas, 200),
    ];
    for (const { fastestNs, medianNs } of micros.map((micro) => measure(micro, 1))) {
      expect(fastestNs).toBeGreaterThan(0);
      expect(medianNs).toBeGreaterThanOrEqual(fastestNs);
    }
  });

  test("an operation that gives another answer afterwards is not measured", () => {
    let state = 0;
    const micro: Micro = {
      name: "counts up",
      unit: "call",
      operations: 1,
      round: () => ++state,
      prove: () => expect(state).toBe(0),
    };
    expect(() => measure(micro, 1)).toThrow();
  });
});

describe("reorganisation", { timeout: 120_000 }, () => {
  test("everybody moves, all is settled, the unrelated events have their deltas, the contract holds", () => {
    const { figures, faults } = benchReorganisation({
      people: 150,
      seed: 2,
      sharePercent: 10,
      materialityHundredths: 1,
      budgetRecords: 40,
      contract: true,
    });
    expect(faults).toEqual([]);
    expect(figures).toMatchObject({ moved: 15, settled: { steps: expect.any(Number) }, contract: "verified" });
  });

  test("an entitlement of which very many rules change is looked at as a whole, and the contract holds", () => {
    const marked = vi.spyOn(Ripple.prototype, "markAll");
    const { faults } = benchReorganisation({
      people: 300,
      seed: 1,
      sharePercent: 10,
      materialityHundredths: 1,
      budgetRecords: null,
      contract: true,
    });
    expect(faults).toEqual([]);
    // All of them are marked at the start, and some again.
    const entitlements = marked.mock.calls.map(([entitlement]) => entitlement);
    expect(entitlements.length).toBeGreaterThan(new Set(entitlements).size);
    marked.mockRestore();
  });

  test("moves a tenth of the people, everybody once and to another department, cost centre or job", () => {
    const events = reorganisation(company, { seed: 1, sharePercent: 10 });
    const people = new Map(Array.from({ length: company.people }, (_, person) => [userOf(person), person]));
    expect(new Set(events.map((event) => ("user" in event ? event.user : ""))).size).toBe(15);
    for (const event of events) {
      if (event.type !== "identity.changed") throw new Error(event.type);
      const before = new Map(attributesOf(company, profileOf(company, people.get(event.user)!)));
      for (const [name, values] of event.attributes) expect(values).not.toEqual(before.get(name));
    }
  });
});

describe("batch and restart", { timeout: 120_000 }, () => {
  test("the files come to the engine's answer, and to durable tables", async () => {
    const state = join(folder, "batch");
    const run = await runBatch(writeCompany(company), state, company.people, company.seed);
    const { engine } = startEngine(companyRows(company, DEFAULT_SETTINGS), DEFAULT_SETTINGS);
    expect(run.answer).toEqual(exactDigest(engine, codesOf(company)));
    expect(run.deltas).toBeGreaterThan(company.held.length);
    expect(readdirSync(state)).toContain("state.db");
  });

  test("a state serves again, tells nothing anew after a clean end, and keeps the contract", async () => {
    const options = { folder: join(folder, "restart"), people: 150, seed: 1, events: 120, contract: true };
    await makeState(options);
    const first = await restart({ ...options, end: "close" });
    expect(first).toMatchObject({ deltas: 0, faults: [] });
    const second = await restart({ ...options, end: "close" });
    expect(second).toMatchObject({ deltas: 0, faults: [] });
  });
});

describe("growth", { timeout: 60_000 }, () => {
  const figures: SizeFigures = {
    assignments: 100,
    eventsPerSecond: 1000,
    wallMsAnEvent: 1,
    cpuMsAnEvent: 1,
    looksAnEvent: 20,
    deltasAnEvent: 10,
    wholeStepP99Ms: 9,
    directLaneP99Ms: 3,
    startCpuSeconds: 1,
    startPeakBytes: 1e8,
    peakBytes: 2e8,
    contract: "verified",
  };
  const sizes = new Map([
    [10_000, figures],
    [1_000_000, { ...figures, wallMsAnEvent: 4, looksAnEvent: 20 }],
  ]);

  test("growth is a factor for ten times the people", () => {
    expect(growthADecade(sizes)).toEqual([
      { from: 10_000, to: 1_000_000, wallMsAnEvent: 2, cpuMsAnEvent: 1, looksAnEvent: 1 },
    ]);
  });

  test("the plot names every size and stays inside its frame", () => {
    const svg = growthPlot(sizes);
    expect(svg).toContain("10 k");
    expect(svg).toContain("1 M");
    expect(svg).not.toContain("NaN");
    const [width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.slice(1).map(Number);
    for (const [, x, y] of svg.matchAll(/translate\((\d+) (\d+)\)/g)) {
      expect(Number(x)).toBeLessThan(width!);
      expect(Number(y)).toBeLessThan(height!);
    }
  });

  test("looks are counted, and only meanwhile", () => {
    const { engine } = startEngine(companyRows(company, DEFAULT_SETTINGS), DEFAULT_SETTINGS);
    const step = () => engine.step({ clockMinute: 0, events: [], budgetRecords: 1_000_000 });
    expect(countLooks(step)).toBeGreaterThan(company.held.length);
    expect(countLooks(() => {})).toBe(0);
  });
});
