/** The macro benchmark of the core: start, first publishing, workload W, and the proof of all of it. */
import { DEFAULT_SETTINGS, type Settings } from "../src/core/settings.ts";
import { makeCompany } from "../src/demo/company.ts";
import { codesOf, writeCompany } from "./company-files.ts";
import { COMPANY_MINUTE, companyRows } from "./company-rows.ts";
import { checkContract, exactDigest } from "./contract.ts";
import { runWorkload, settle, startEngine, type WorkloadOptions } from "./core-run.ts";
import { runPeer } from "./peer-runs.ts";
import { peakBytes, say, timed } from "./report.ts";

export interface CoreOptions extends WorkloadOptions {
  readonly people: number;
  readonly seed: number;
  readonly attributes: number;
  readonly materialityHundredths: number;
  /** Which peer proves the answer of the batch start; null: none does. */
  readonly proof: string | null;
  /** Whether the contract is verified afterwards; that needs about as much memory as the engine itself. */
  readonly contract: boolean;
}

export interface CoreFigures {
  readonly assignments: number;
  readonly figures: object;
  /** What is not as it must be; the figures are worth nothing unless there is none. */
  readonly faults: readonly string[];
}

export function benchCore(options: CoreOptions): CoreFigures {
  const settings: Settings = {
    ...DEFAULT_SETTINGS,
    materiality: { numerator: options.materialityHundredths, denominator: 100 },
  };
  say(`company of ${options.people}`);
  const company = makeCompany(options);
  const rows = companyRows(company, settings);
  say("start");
  const { engine, figures: start } = startEngine(rows, settings);
  const publish = timed(() => settle(engine, COMPANY_MINUTE, options.budgetRecords));
  const startPeakBytes = peakBytes();
  say("workload");
  const { figures: workload, clockMinute } = runWorkload(engine, company, options);
  const workloadPeakBytes = peakBytes();
  const faults: string[] = [];
  let reconcileDeltas: number | null = null;
  let peer: object | null = null;
  if (options.contract) {
    say("proof of the contract");
    const contract = checkContract(engine, settings, clockMinute);
    faults.push(...contract.faults);
    reconcileDeltas = contract.deltas;
  }
  if (options.proof !== null) {
    say("proof of the batch answer");
    const digest = JSON.stringify(exactDigest(startEngine(rows, settings).engine, codesOf(company)));
    const run = runPeer(options.proof, writeCompany(company));
    const answer = JSON.stringify(run.answer);
    peer = {
      peer: run.peer,
      seconds: run.seconds,
      eventsMeanwhile: Math.round(run.seconds * workload.eventsPerSecond),
    };
    if (answer !== digest) faults.push(`exact view after the start: ${digest}, ${options.proof} has ${answer}`);
  }
  const figures = {
    ...start,
    firstPublish: { ...publish.cost, deltas: publish.result },
    startPeakBytes,
    workload,
    peer,
    workloadPeakBytes,
    contract: options.contract ? "verified" : "not verified",
    reconcileDeltas,
  };
  return { assignments: company.held.length, figures, faults };
}
