/**
 * Workload W through the whole pipeline: one company in one worker, on either transport. First the company is founded,
 * then W warms up, then a backlog of W measures throughput, then W at steady rates measures latency; then the proof.
 */
import { type Company, makeCompany } from "../src/demo/company.ts";
import { foundingEvents } from "../src/demo/company-events.ts";
import { companyEvents } from "../src/demo/stream.ts";
import type { InputEvent } from "../src/events/event.ts";
import { type Pipeline, recordsOf } from "./pipeline.ts";
import { steadyFigures } from "./pipeline-latency.ts";
import { provePipeline } from "./pipeline-proof.ts";
import { Steps } from "./pipeline-steps.ts";
import { peakBytes, rounded, say } from "./report.ts";

export interface PipelineOptions {
  readonly people: number;
  readonly seed: number;
  readonly warmUpEvents: number;
  readonly events: number;
  /** Events a second of each latency run. */
  readonly rates: readonly number[];
  /** Length of each latency run. */
  readonly rateSeconds: number;
  /** Whether the view is held against a plain count, which takes long and as much memory as the worker. */
  readonly contract: boolean;
}

/** What is not as it must be; the figures are worth nothing unless there is none. */
export interface PipelineFigures {
  readonly figures: object;
  readonly faults: readonly string[];
}

interface Founding {
  readonly events: number;
  readonly seconds: number;
  readonly workerPeakBytes: number | null;
}

const FOUNDING_CHUNK = 5_000;

/** `beforeWorkload`: called when the company is founded and nothing of W was appended yet. Ends the worker. */
export async function benchPipeline(
  pipeline: Pipeline,
  options: PipelineOptions,
  beforeWorkload: () => Promise<void> = async () => {},
): Promise<PipelineFigures & { readonly steps: Steps }> {
  const { config } = pipeline;
  const company = makeCompany(options);
  const founding = await found(pipeline, company);
  await beforeWorkload();

  const stream = companyEvents(company, { seed: company.seed, idPrefix: "w-" });
  const next = (count: number): InputEvent[] => Array.from({ length: count }, () => stream.next().value);
  const steps = new Steps();
  pipeline.onStep((step) => steps.add(step));
  say(`warm-up: ${options.warmUpEvents} events`);
  await pipeline.appendAtOnce(recordsOf(next(options.warmUpEvents), config));
  await pipeline.whenQuiet();

  say(`backlog: ${options.events} events`);
  const backlog = recordsOf(next(options.events), config);
  steps.begin();
  const cpuBefore = pipeline.cpuSeconds();
  const visibleMs = await pipeline.appendAtOnce(backlog);
  await pipeline.whenQuiet();
  steps.end(visibleMs);
  const cpuAfter = pipeline.cpuSeconds();
  const throughput = {
    ...steps.figures(options.events),
    workerCpuSeconds: cpuBefore === null || cpuAfter === null ? null : rounded(cpuAfter - cpuBefore),
  };

  const latency: object[] = [];
  let appended = founding.events + options.warmUpEvents + options.events;
  for (const rate of options.rates) {
    const events = next(Math.ceil(rate * options.rateSeconds));
    if (events.length === 0) continue;
    say(`steady: ${rate} events/s for ${options.rateSeconds} s`);
    appended += events.length;
    latency.push(await steadyFigures(pipeline, events, rate));
  }
  const workerPeakBytes = pipeline.peakBytes();
  await pipeline.stop();
  const memory = { workerPeakBytes, harnessPeakBytes: peakBytes() };
  say("proof");
  const faults = await provePipeline(config, appended, options.contract);
  const contract = options.contract ? "verified" : "not verified";
  return { figures: { founding, throughput, latency, ...memory, contract }, faults, steps };
}

async function found(pipeline: Pipeline, company: Company): Promise<Founding> {
  say(`company of ${company.people}: founding`);
  let events = 0;
  let chunk: InputEvent[] = [];
  const flush = async (): Promise<void> => {
    await pipeline.append(recordsOf(chunk, pipeline.config));
    events += chunk.length;
    chunk = [];
  };
  for (const event of foundingEvents(company, Date.now())) {
    chunk.push(event);
    if (chunk.length === FOUNDING_CHUNK) await flush();
  }
  await flush();
  say(`${events} founding events appended; the worker starts`);
  const startedMs = performance.now();
  await pipeline.start();
  await pipeline.whenQuiet();
  const seconds = rounded((performance.now() - startedMs) / 1000);
  return { events, seconds, workerPeakBytes: pipeline.peakBytes() };
}
