/** A state on disk, and how long a worker takes to serve from it again. */

import { eventRecord } from "../src/cli/event-record.ts";
import { settingsOf } from "../src/config.ts";
import { type Company, makeCompany } from "../src/demo/company.ts";
import { companyEvents } from "../src/demo/stream.ts";
import type { EncodableEvent } from "../src/events/encode-event.ts";
import { loadSchemaTable } from "../src/events/schema-files.ts";
import { openLog } from "../src/log.ts";
import { openWorker } from "../src/worker/open-worker.ts";
import type { Worker } from "../src/worker/worker.ts";
import { BenchState, benchConfig } from "./bench-state.ts";
import { COMPANY_MS } from "./company-files.ts";
import { COMPANY_MINUTE, type CompanyRows, companyRows } from "./company-rows.ts";
import { checkContract } from "./contract.ts";
import { startEngine } from "./core-run.ts";
import { type Cost, peakBytes, processCost } from "./report.ts";

const RECORDS_A_STEP = 50_000;
const EVENTS_A_SUBMISSION = 1_000;
const EVENTS_BEFORE_KILL = 500;

/** Writes tables and the whole published view by the store, then plays events of workload W through a worker. */
export async function makeState({ folder, people, seed, events }: Omit<Restart, "contract" | "end">): Promise<object> {
  const config = benchConfig(folder);
  const settings = settingsOf(config);
  const company = makeCompany({ people, seed });
  const rows = companyRows(company, settings);
  const state = await BenchState.open(config);
  await writeTables(state, rows);
  const { engine } = startEngine(rows, settings);
  for (;;) {
    const { changes } = engine.step({ clockMinute: COMPANY_MINUTE, events: [], budgetRecords: RECORDS_A_STEP });
    await state.write({ published: changes.published });
    if (engine.pendingCount() === 0) break;
  }
  await state.close();

  const worker = await open(folder);
  await play(worker, folder, company, 0, events);
  await worker.close();
  return { assignments: company.held.length, ...processCost() };
}

export interface RestartRun {
  /** When the worker could take the next event, and when it had looked at everything; ms since 1970. */
  readonly servesAtMs: number;
  readonly quietAtMs: number;
  readonly serves: Cost;
  readonly quiet: Cost;
  readonly peakBytes: number;
  /** Told anew by the start: none when the last end was a clean one. */
  readonly deltas: number;
  readonly faults: readonly string[];
}

export interface Restart {
  readonly folder: string;
  readonly people: number;
  readonly seed: number;
  /** How many events of the workload the state has seen. */
  readonly events: number;
  readonly contract: boolean;
  /** kill: some more events are played, and the caller ends the process: the state is as a crash leaves it. */
  readonly end: "close" | "kill";
}

export async function restart({ folder, people, seed, events, contract, end }: Restart): Promise<RestartRun> {
  const worker = await open(folder);
  const [servesAtMs, serves] = [Date.now(), processCost()];
  const { deltas } = await worker.runUntilQuiet();
  const [quietAtMs, quiet] = [Date.now(), processCost()];
  const peak = peakBytes();
  if (end === "kill") await play(worker, folder, makeCompany({ people, seed }), events, EVENTS_BEFORE_KILL);
  else await worker.close();
  const settings = settingsOf(benchConfig(folder));
  const faults = contract ? checkContract(worker.engine, settings, worker.standing.clockMinute).faults : [];
  return { servesAtMs, quietAtMs, serves, quiet, peakBytes: peak, deltas, faults };
}

async function play(worker: Worker, folder: string, company: Company, from: number, events: number): Promise<void> {
  const config = benchConfig(folder);
  const stream = companyEvents(company, { seed: company.seed, skip: from });
  for (let played = 0; played < events; played += EVENTS_A_SUBMISSION) {
    const count = Math.min(EVENTS_A_SUBMISSION, events - played);
    const records = Array.from({ length: count }, () => eventRecord(stream.next().value as EncodableEvent, config));
    await worker.submit(`benchmark-${from + played}`, records);
    await worker.runUntilQuiet();
  }
}

/** The clock begins where the company lives, so that no flag falls due only because time went by. */
async function open(folder: string): Promise<Worker> {
  const config = benchConfig(folder);
  const startedMs = performance.now();
  const now = (): number => Math.floor(COMPANY_MS + performance.now() - startedMs);
  return openWorker({ config, log: openLog(config.log.level), now, schemas: await loadSchemaTable("schemas") });
}

async function writeTables(state: BenchState, rows: CompanyRows): Promise<void> {
  await state.write({ items: rows.items, entitlements: rows.entitlements });
  for (const users of rows.users()) await state.write({ users });
  for (const chunk of rows.assignments()) await state.write({ newAssignments: [chunk] });
}
