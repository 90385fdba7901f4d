/**
 * A reorganisation: a share of the people change department at once (and with it cost centre and job), offered as the
 * stream of steps that the worker would cut it into. In the midst of it, one unrelated grant a step.
 */
import { loadConfig } from "../src/config.ts";
import type { Engine, StepEvent, StepResult } from "../src/core/engine.ts";
import { DEFAULT_SETTINGS, type Settings } from "../src/core/settings.ts";
import { attributesOf, type Company, heldBy, makeCompany, profileOf, userOf } from "../src/demo/company.ts";
import { TRIPLE_MOVES } from "../src/demo/organisation.ts";
import { Prng } from "../src/demo/prng.ts";
import type { InputEvent } from "../src/events/event.ts";
import { StepSize } from "../src/worker/step-size.ts";
import { COMPANY_MS } from "./company-files.ts";
import { COMPANY_MINUTE, companyRows } from "./company-rows.ts";
import { checkContract } from "./contract.ts";
import { settle, startEngine, taken } from "./core-run.ts";
import { Latencies } from "./latencies.ts";
import { type Cost, peakBytes, rounded, Stopwatch, say, timed } from "./report.ts";

export interface ReorganisationOptions {
  readonly people: number;
  readonly seed: number;
  readonly sharePercent: number;
  readonly materialityHundredths: number;
  /** Most records of a step's ripple; null: what the worker takes. */
  readonly budgetRecords: number | null;
  readonly contract: boolean;
}

const STREAM = 7;
/** Department, cost centre and job. */
const MOVE = TRIPLE_MOVES[0]!;
/** Bytes of an output record, for the size of steps; what JSON records have on average. */
const OUTPUT_BYTES = 500;
const MINUTE = COMPANY_MINUTE + 1;

export function benchReorganisation(options: ReorganisationOptions): { figures: object; faults: string[] } {
  const settings: Settings = {
    ...DEFAULT_SETTINGS,
    materiality: { numerator: options.materialityHundredths, denominator: 100 },
  };
  say(`company of ${options.people}`);
  const company = makeCompany(options);
  const { engine, figures: start } = startEngine(companyRows(company, settings), settings);
  const tell = timed(() => settle(engine, COMPANY_MINUTE, Number.MAX_SAFE_INTEGER));
  const batch = sum(start.load, start.start, tell.cost);

  say("reorganisation");
  const events = reorganisation(company, options);
  const run = new Reorganisation(engine, new Bystanders(company, events), options.budgetRecords);
  run.take(events);
  const intake = run.cost;
  run.settle();
  const settled = run.cost;
  const workPeakBytes = peakBytes();

  const faults = [...run.faults];
  if (options.contract) {
    say("proof of the contract");
    faults.push(...checkContract(engine, settings, MINUTE).faults);
  }
  const figures = {
    moved: events.length,
    batch: { ...batch, deltas: tell.result },
    directLane: {
      ...intake,
      peoplePerSecond: rounded(events.length / intake.seconds),
      peoplePerCpuSecond: rounded(events.length / intake.cpuSeconds),
    },
    settled: {
      ...settled,
      deltas: run.deltas,
      steps: run.steps,
      toBatch: rounded(settled.seconds / batch.seconds),
      toBatchByCpu: rounded(settled.cpuSeconds / batch.cpuSeconds),
    },
    unrelatedEvent: { whileMoving: run.whileMoving.summary(), whileSettling: run.whileSettling.summary() },
    workPeakBytes,
    contract: options.contract ? "verified" : "not verified",
  };
  return { figures, faults };
}

/** Everybody who moves, in random order. */
export function reorganisation(company: Company, options: { seed: number; sharePercent: number }): InputEvent[] {
  const prng = new Prng(options.seed, STREAM);
  const wanted = Math.round((company.people * options.sharePercent) / 100);
  const moved = new Set<number>();
  const events: InputEvent[] = [];
  while (events.length < wanted) {
    const person = prng.below(company.people);
    if (moved.has(person)) continue;
    const before = profileOf(company, person);
    const after = Array.from(before);
    company.organisation.move(prng, MOVE, after);
    const attributes = attributesOf(company, after).filter((_, index) => after[index] !== before[index]);
    if (attributes.length === 0) continue;
    moved.add(person);
    events.push({ type: "identity.changed", user: userOf(person), attributes });
  }
  return events;
}

/** Grants to people whom the reorganisation does not name. */
class Bystanders {
  readonly #company: Company;
  readonly #prng: Prng;
  readonly #taken: Set<string>;

  constructor(company: Company, moves: readonly InputEvent[]) {
    this.#company = company;
    this.#prng = new Prng(company.seed, STREAM + 1);
    this.#taken = new Set(moves.flatMap((event) => ("user" in event ? event.user : [])));
  }

  /** Everybody at most once. */
  grant(): { readonly user: string; readonly entitlement: string } {
    for (;;) {
      const person = this.#prng.below(this.#company.people);
      const entitlement = this.#prng.below(this.#company.entitlements.length);
      if (this.#taken.has(userOf(person)) || heldBy(this.#company, person).includes(entitlement)) continue;
      this.#taken.add(userOf(person));
      return { user: userOf(person), entitlement: this.#company.entitlements[entitlement]!.entitlement };
    }
  }
}

class Reorganisation {
  deltas = 0;
  steps = 0;
  readonly faults: string[] = [];
  readonly whileMoving: Latencies = new Latencies();
  readonly whileSettling: Latencies = new Latencies();
  readonly #engine: Engine;
  readonly #bystanders: Bystanders;
  readonly #budgetRecords: number | null;
  readonly #stepSize: StepSize = new StepSize(loadConfig().step);
  readonly #watch: Stopwatch = new Stopwatch();
  #lastMs = 0;

  constructor(engine: Engine, bystanders: Bystanders, budgetRecords: number | null) {
    this.#engine = engine;
    this.#bystanders = bystanders;
    this.#budgetRecords = budgetRecords;
  }

  get cost(): Cost {
    return this.#watch.cost;
  }

  take(events: readonly InputEvent[]): void {
    for (let from = 0; from < events.length; ) {
      const slice = events.slice(from, from + this.#stepSize.recordsMax(false));
      this.#step(slice, this.whileMoving);
      from += slice.length;
    }
  }

  settle(): void {
    while (this.#engine.pendingCount() > 0) this.#step([], this.whileSettling);
  }

  /** The unrelated event comes just after the step before has begun: it waits for all of that one, and for its own. */
  #step(events: readonly InputEvent[], latencies: Latencies): void {
    const pair = this.#bystanders.grant();
    const stamped = [...events, { type: "assignment.granted" as const, ...pair }].map(
      (event): StepEvent => ({ event, recordAtMs: COMPANY_MS + 60_000 }),
    );
    const budgetRecords = this.#budgetRecords ?? this.#stepSize.budgetRecords(stamped.length);
    const startedMs = performance.now();
    const result = this.#watch.run(() => {
      const step = this.#engine.step({ clockMinute: MINUTE, events: stamped, budgetRecords });
      return { ...step, ...taken(step) };
    });
    const engineMs = performance.now() - startedMs;
    latencies.add(this.#lastMs + engineMs);
    this.#lastMs = engineMs;
    this.#stepSize.learn({
      catchUp: false,
      records: stamped.length,
      outputRecords: result.deltas.length,
      outputBytes: result.deltas.length * OUTPUT_BYTES,
      totalMs: engineMs,
    });
    this.steps += 1;
    this.deltas += result.deltas.length;
    this.#check(result, pair);
  }

  #check({ outcomes, deltas }: StepResult, { user, entitlement }: { user: string; entitlement: string }): void {
    if (outcomes.some((outcome) => outcome !== "applied"))
      this.faults.push(`step ${this.steps}: an event had no effect`);
    const told = deltas.some((delta) => delta.user === user && delta.entitlement === entitlement);
    if (!told) this.faults.push(`step ${this.steps}: the unrelated event has no delta`);
  }
}

function sum(...costs: readonly Cost[]): Cost {
  const total = (pick: (cost: Cost) => number): number => rounded(costs.reduce((all, cost) => all + pick(cost), 0));
  return { seconds: total((cost) => cost.seconds), cpuSeconds: total((cost) => cost.cpuSeconds) };
}
