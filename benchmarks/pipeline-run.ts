/** One run of the pipeline benchmark, in folders and topics of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareWithBare, ratioOf, type WorkloadStart, workloadStart } from "./pipeline-bare.ts";
import { benchPipeline, type PipelineFigures, type PipelineOptions } from "./pipeline-bench.ts";
import { JournalPipeline } from "./pipeline-journal.ts";
import { KafkaPipeline } from "./pipeline-kafka.ts";

export interface RunOptions extends PipelineOptions {
  readonly partitions: number;
  /** `key=value` of the worker's configuration. */
  readonly sets: readonly string[];
}

export async function runOnJournal(options: RunOptions): Promise<PipelineFigures> {
  return withFolder(async (folder) => {
    const pipeline = await JournalPipeline.open(join(folder, "state"), options.partitions, options.sets);
    const { figures, faults } = await benchPipeline(pipeline, options);
    return { figures, faults };
  });
}

/** `nodeArguments`: of the worker's process. */
export async function runOnKafka(
  options: RunOptions,
  brokers: readonly string[],
  nodeArguments: readonly string[] = [],
): Promise<PipelineFigures> {
  return withFolder(async (folder) => {
    const { partitions, sets, warmUpEvents, events } = options;
    const pipeline = await KafkaPipeline.open({ brokers, folder, partitions, sets, nodeArguments });
    try {
      let start: WorkloadStart | null = null;
      const { figures, faults, steps } = await benchPipeline(pipeline, options, async () => {
        start = await workloadStart(pipeline);
      });
      const { bare, outputBytes } = await compareWithBare(pipeline, start!, steps, warmUpEvents + events);
      return { figures: { ...figures, outputBytes, bare, ratioToBare: ratioOf(bare, steps.seconds) }, faults };
    } finally {
      await pipeline.dispose();
    }
  });
}

async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "corollary-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
