/** The whole job event by event in differential dataflow (`peers/differential`, Rust), with its answer proven. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { DEFAULT_SETTINGS } from "../src/core/settings.ts";
import { makeCompany } from "../src/demo/company.ts";
import { companyEvents } from "../src/demo/stream.ts";
import { OUT_FOLDER, writeLines } from "./company-files.ts";
import { COMPANY_MINUTE, companyRows } from "./company-rows.ts";
import { exactDigest } from "./contract.ts";
import { startEngine } from "./core-run.ts";
import { PlainAnswer } from "./plain-answer.ts";
import { say } from "./report.ts";
import { wholeJob } from "./whole-job-file.ts";

const TARGET = resolve(OUT_FOLDER, "cargo");
const PROGRAM = join(TARGET, "release", "whole-job");

export interface DifferentialRun {
  readonly eventsPerSecond: number;
  readonly answer: { readonly predictions: string; readonly recommendations: string };
}

export function buildDifferential(): void {
  say("building peers/differential");
  execFileSync("cargo", ["build", "--release", "--locked", "--quiet"], {
    cwd: join("benchmarks", "peers", "differential"),
    env: { ...process.env, CARGO_TARGET_DIR: TARGET },
    stdio: "inherit",
  });
}

/** Throws when its answer, or ours, is not the plain one. */
export function runDifferential(people: number, seed: number, eventCount: number): DifferentialRun {
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
  const recordAtMs = COMPANY_MINUTE * 60_000;
  const stamped = events.map((event) => ({ event, recordAtMs }));
  engine.step({ clockMinute: COMPANY_MINUTE, events: stamped, budgetRecords: 1, catchUp: true });
  const plain = new PlainAnswer(engine.tables(), DEFAULT_SETTINGS);
  proveEqual(exactDigest(engine, plain.codes), plain.exact());
  const { predictions, recommendations } = exactDigest(engine, codes);
  proveEqual(run.answer, { predictions, recommendations });
  return run;
}

function proveEqual(got: object, expected: object): void {
  const [gotText, expectedText] = [JSON.stringify(got), JSON.stringify(expected)];
  if (gotText !== expectedText) throw new Error(`answers differ: ${gotText}, expected ${expectedText}`);
}
