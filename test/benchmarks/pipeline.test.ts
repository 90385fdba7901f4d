/** The pipeline benchmark in a small size, so that it cannot rot, and proof that its proof can fail. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { benchPipeline } from "../../benchmarks/pipeline-bench.ts";
import { JournalPipeline } from "../../benchmarks/pipeline-journal.ts";
import { provePipeline } from "../../benchmarks/pipeline-proof.ts";
import { type RunOptions, runOnJournal, runOnKafka } from "../../benchmarks/pipeline-run.ts";
import { Steps } from "../../benchmarks/pipeline-steps.ts";
import { describeKafka } from "../support/kafka-broker.ts";

const SMALL: RunOptions = {
  people: 100,
  seed: 1,
  warmUpEvents: 50,
  events: 200,
  rates: [50],
  rateSeconds: 1,
  contract: true,
  partitions: 2,
  sets: [],
};
const MEASURED = {
  throughput: { events: 200, eventsPerSecond: expect.any(Number) },
  latency: [{ events: 50, untilDirectDelta: { p99Ms: expect.any(Number) } }],
};

describe("pipeline benchmark", { timeout: 120_000 }, () => {
  test("journal: workload W goes through, and the proof holds", async () => {
    const { figures, faults } = await runOnJournal(SMALL);
    expect(faults).toEqual([]);
    expect(figures).toMatchObject(MEASURED);
  });

  test("the proof finds an event that was not taken", async () => {
    const folder = mkdtempSync(join(tmpdir(), "corollary-bench-"));
    try {
      const pipeline = await JournalPipeline.open(join(folder, "state"), 1);
      const options = { ...SMALL, people: 20, events: 20, rates: [] };
      expect((await benchPipeline(pipeline, options)).faults).toEqual([]);
      const [fault] = await provePipeline(pipeline.config, 1_000_000, true);
      expect(fault).toMatch(/^\d+ of 1000000 events taken, 0 rejected$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("figures are those of the steps between begin and end", () => {
    const steps = new Steps();
    const add = (step: number, seenMs: number, outputs: number) =>
      steps.add({ step, seenMs, inputs: 10, outputs, pending: 0 });
    add(1, 500, 7);
    steps.begin();
    add(2, 1_500, 30);
    add(3, 3_000, 10);
    steps.end(1_000);
    add(4, 9_000, 5);
    expect(steps.warmUp.map(({ step }) => step)).toEqual([1]);
    expect(steps.figures(20)).toEqual({
      events: 20,
      seconds: 2,
      eventsPerSecond: 10,
      outputRecords: 40,
      outputRecordsPerSecond: 20,
      transactions: 2,
      inputsPerTransaction: { p50: 10, max: 10 },
      outputsPerTransaction: { p50: 30, max: 30 },
    });
  });
});

describeKafka("pipeline benchmark on Kafka", {}, (broker) => {
  test("workload W goes through the built worker, and a bare client writes the same", {
    timeout: 240_000,
  }, async () => {
    const { figures, faults } = await runOnKafka(SMALL, broker().brokers);
    expect(faults).toEqual([]);
    expect(figures).toMatchObject({ ...MEASURED, ratioToBare: expect.any(Number) });
  });
});
