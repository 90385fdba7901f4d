/** The batch job of ours: CSV files → durable tables, all counters, the scored view in memory as it would be told. */
import { setImmediate as eventLoop } from "node:timers/promises";
import { settingsOf } from "../src/config.ts";
import { Engine } from "../src/core/engine.ts";
import { makeCompany } from "../src/demo/company.ts";
import { openLog } from "../src/log.ts";
import { ChoosingThread } from "../src/worker/choosing-thread.ts";
import { StartHelp } from "../src/worker/start-help.ts";
import { BenchState, benchConfig } from "./bench-state.ts";
import { codesOf } from "./company-files.ts";
import { COMPANY_MINUTE } from "./company-rows.ts";
import { exactDigest, publishedDigest } from "./contract.ts";
import { loadCompanyFiles } from "./csv-company.ts";
import type { AnswerDigest } from "./digest.ts";
import { type Cost, peakBytes, processCost } from "./report.ts";

const LOG = openLog("warn");

export interface BatchRun {
  /** When the last pair was scored, ms since 1970. */
  readonly endedAtMs: number;
  readonly peakBytes: number;
  /** When each phase ended, from the start of the process. */
  readonly phases: { readonly tablesDurable: Cost; readonly counted: Cost; readonly scored: Cost };
  /** What publishing the view would send. */
  readonly deltas: number;
  readonly answer: AnswerDigest;
}

/** `folder`: the files of the company of `people` and `seed`; `stateFolder`: not there yet. */
export async function runBatch(folder: string, stateFolder: string, people: number, seed: number): Promise<BatchRun> {
  const config = benchConfig(stateFolder);
  const engine = new Engine(settingsOf(config));
  const state = await BenchState.open(config);
  const help = new StartHelp(LOG);
  await loadCompanyFiles(folder, engine, state, help);
  await state.close();
  const tablesDurable = processCost();
  await help.start(engine, COMPANY_MINUTE);
  const counted = processCost();
  await help.end();
  const deltas = await score(engine);
  const scored = processCost();
  const endedAtMs = Date.now();
  const peak = peakBytes();
  const codes = codesOf(makeCompany({ people, seed }));
  return {
    endedAtMs,
    peakBytes: peak,
    phases: { tablesDurable, counted, scored },
    deltas,
    answer: { ...exactDigest(engine, codes), ...publishedDigest(engine, codes) },
  };
}

/** Looks at every pair, as a worker does after its start; the number of deltas, which nobody asks for. */
async function score(engine: Engine): Promise<number> {
  const choosing = ChoosingThread.begin(engine, LOG);
  let deltas = 0;
  while (engine.pendingCount() > 0) {
    deltas += engine.step({
      clockMinute: COMPANY_MINUTE,
      events: [],
      budgetRecords: Number.MAX_SAFE_INTEGER,
    }).deltaCount;
    await eventLoop();
  }
  await choosing?.close();
  return deltas;
}
