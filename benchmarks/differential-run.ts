/** The whole job event by event in differential dataflow (`peers/differential`, Rust), with its answer proven. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { DEFAULT_SETTINGS, type Fraction } from "../src/core/settings.ts";
import { makeCompany } from "../src/demo/company.ts";
import { companyEvents } from "../src/demo/stream.ts";
import { OUT_FOLDER, writeLines } from "./company-files.ts";
import { COMPANY_MINUTE, companyRows } from "./company-rows.ts";
import { exactDigest } from "./contract.ts";
import { settle, startEngine } from "./core-run.ts";
import { PlainAnswer } from "./plain-answer.ts";
import { type Cost, rounded, say, timed } from "./report.ts";
import { wholeJob } from "./whole-job-file.ts";

const TARGET = resolve(OUT_FOLDER, "cargo");
const BUDGET_RECORDS = 10_000;
const PROGRAM = join(TARGET, "release", "whole-job");

export interface DifferentialRun {
  readonly eventsPerSecond: number;
  readonly cpuSeconds: number;
  readonly answer: { readonly predictions: string; readonly recommendations: string };
}

export interface Comparison {
  readonly differential: DifferentialRun;
  readonly core: Cost & { readonly eventsPerSecond: number; readonly materiality: Fraction };
  /** By wall time, and by processor time; one after the other in one run. */
  readonly timesFaster: number;
  readonly timesFasterByCpu: number;
}

export function buildDifferential(): void {
  say("building peers/differential");
  execFileSync("cargo", ["build", "--release", "--locked", "--quiet"], {
    cwd: join("benchmarks", "peers", "differential"),
    env: { ...process.env, CARGO_TARGET_DIR: TARGET },
    stdio: "inherit",
  });
}

/**
 * Throws when its answer, or ours, is not the plain one. Ours is exact after the events, too; what it tells on the way is
 * held to the contract of materiality, and everything is told when the clock stops.
 */
export function runDifferential(people: number, seed: number, eventCount: number): Comparison {
  const company = makeCompany({ people, seed });
  const stream = companyEvents(company, { seed });
  const events = Array.from({ length: eventCount }, () => stream.next().value);
  const { lines, codes } = wholeJob(company, events);
  mkdirSync(OUT_FOLDER, { recursive: true });
  const file = join(OUT_FOLDER, `whole-job-${people}-${seed}.txt`);
  writeLines(file, lines);
  say(`whole job: ${people} people, ${eventCount} events`);
  const run = JSON.parse(execFileSync(PROGRAM, [file], { encoding: "utf8" })) as DifferentialRun;

  const { engine } = startEngine(companyRows(company, DEFAULT_SETTINGS), DEFAULT_SETTINGS);
  settle(engine, COMPANY_MINUTE, BUDGET_RECORDS);
  say("the same in the core");
  const recordAtMs = COMPANY_MINUTE * 60_000;
  const ours = timed(() => {
    for (const event of events) {
      const stamped = [{ event, recordAtMs }];
      engine.step({ clockMinute: COMPANY_MINUTE, events: stamped, budgetRecords: BUDGET_RECORDS });
    }
    settle(engine, COMPANY_MINUTE, BUDGET_RECORDS);
  });
  const plain = new PlainAnswer(engine.tables(), DEFAULT_SETTINGS);
  proveEqual(exactDigest(engine, plain.codes), plain.exact());
  const { predictions, recommendations } = exactDigest(engine, codes);
  proveEqual(run.answer, { predictions, recommendations });
  const eventsPerSecond = rounded(eventCount / ours.cost.seconds);
  const core = { ...ours.cost, eventsPerSecond, materiality: DEFAULT_SETTINGS.materiality };
  return {
    differential: run,
    core,
    timesFaster: rounded(eventsPerSecond / run.eventsPerSecond),
    timesFasterByCpu: rounded(run.cpuSeconds / ours.cost.cpuSeconds),
  };
}

function proveEqual(got: object, expected: object): void {
  const [gotText, expectedText] = [JSON.stringify(got), JSON.stringify(expected)];
  if (gotText !== expectedText) throw new Error(`answers differ: ${gotText}, expected ${expectedText}`);
}
