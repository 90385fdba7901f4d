/** The core alone, without transports and stores: batch start, first publishing, workload W, and what each step took. */
import { Engine, type StepEvent, type StepResult } from "../src/core/engine.ts";
import type { PublishedRow } from "../src/core/rows.ts";
import type { Settings } from "../src/core/settings.ts";
import type { Company } from "../src/demo/company.ts";
import { companyEvents } from "../src/demo/stream.ts";
import type { Delta } from "../src/events/delta.ts";
import type { InputEvent } from "../src/events/event.ts";
import { COMPANY_MS } from "./company-files.ts";
import { COMPANY_MINUTE, type CompanyRows } from "./company-rows.ts";
import { Latencies } from "./latencies.ts";
import { countLooks } from "./looks.ts";
import { type Cost, rounded, Stopwatch, timed } from "./report.ts";

/** Time between two events of the workload: 250 a second. */
const EVENT_INTERVAL_MS = 4;
const STEPS_TO_QUIET_MAX = 1_000_000;

export interface StartFigures {
  readonly load: Cost;
  readonly start: Cost;
}

/** Rows in, counters and target view ready; nothing published yet. */
export function startEngine(rows: CompanyRows, settings: Settings): { engine: Engine; figures: StartFigures } {
  const engine = new Engine(settings);
  const load = loadRows(engine, rows);
  const start = timed(() => engine.start(COMPANY_MINUTE));
  return { engine, figures: { load, start: start.cost } };
}

/** What it costs to make the rows is left out. */
export function loadRows(engine: Engine, rows: CompanyRows): Cost {
  const watch = new Stopwatch();
  watch.run(() => {
    engine.loadItems(rows.items);
    engine.loadEntitlements(rows.entitlements);
  });
  for (const slice of rows.users()) watch.run(() => engine.loadUsers(slice));
  for (const slice of rows.assignments()) watch.run(() => engine.loadAssignments(slice));
  return watch.cost;
}

/** Steps without events until nothing is pending, all that they tell made; the number of deltas. */
export function settle(engine: Engine, clockMinute: number, budgetRecords: number): number {
  let deltas = 0;
  for (let step = 0; step < STEPS_TO_QUIET_MAX; step += 1) {
    deltas += taken(engine.step({ clockMinute, events: [], budgetRecords })).deltas.length;
    if (engine.pendingCount() === 0) return deltas;
  }
  throw new Error(`still pending after ${STEPS_TO_QUIET_MAX} steps`);
}

/** What a step leaves behind is made when it is asked for. */
export function taken(result: StepResult): {
  readonly deltas: readonly Delta[];
  readonly published: readonly PublishedRow[];
} {
  return { deltas: result.deltas, published: result.changes.published };
}

export interface WorkloadOptions {
  readonly warmUpEvents: number;
  readonly events: number;
  /** Events after these, each first with the least budget (its direct lane), then until quiet (its ripple). */
  readonly laneEvents: number;
  /** Events after these, of which the re-scored pairs are counted; not timed. */
  readonly lookEvents: number;
  readonly budgetRecords: number;
  /** What durations are: wall time, or processor time of the process (for machines that are busy with other work). */
  readonly clock: "wall" | "cpu";
}

export interface WorkloadFigures {
  readonly eventsPerSecond: number;
  readonly [figure: string]: unknown;
}

/** Workload W, one event a step. Returns its figures and the clock after it. */
export function runWorkload(
  engine: Engine,
  company: Company,
  options: WorkloadOptions,
): { figures: WorkloadFigures; clockMinute: number } {
  const times = { startMs: COMPANY_MS, intervalMs: EVENT_INTERVAL_MS };
  const stream = companyEvents(company, { seed: company.seed, times });
  let nowMs = COMPANY_MS;
  const step = (event: InputEvent, budgetRecords: number): number => {
    nowMs = event.at ?? nowMs;
    const events: StepEvent[] = [{ event, recordAtMs: nowMs }];
    return taken(engine.step({ clockMinute: Math.floor(nowMs / 60_000), events, budgetRecords })).deltas.length;
  };
  for (let count = 0; count < options.warmUpEvents; count += 1) step(stream.next().value, options.budgetRecords);
  const whole = new Lanes(options.clock);
  const generated = Array.from({ length: options.events }, () => stream.next().value);
  const run = timed(() => {
    for (const event of generated) whole.time(event, () => step(event, options.budgetRecords));
  });
  const pendingAfter = engine.pendingCount();
  const [direct, ripple] = [new Lanes(options.clock), new Lanes(options.clock)];
  settle(engine, Math.floor(nowMs / 60_000), options.budgetRecords);
  for (let count = 0; count < options.laneEvents; count += 1) {
    const event = stream.next().value;
    direct.time(event, () => step(event, 1));
    ripple.time(event, () => settle(engine, Math.floor(nowMs / 60_000), options.budgetRecords));
  }
  const looks = countLooks(() => {
    for (let count = 0; count < options.lookEvents; count += 1) step(stream.next().value, options.budgetRecords);
  });
  settle(engine, Math.floor(nowMs / 60_000), options.budgetRecords);
  const figures = {
    ...run.cost,
    eventsPerSecond: rounded(options.events / run.cost.seconds),
    eventsPerCpuSecond: rounded(options.events / run.cost.cpuSeconds),
    deltasPerEvent: rounded(whole.deltas / options.events),
    looksPerEvent: rounded(looks / (options.lookEvents || 1)),
    pendingAfter,
    wholeStep: whole.summary(),
    directLane: direct.summary(),
    ripple: ripple.summary(),
  };
  return { figures, clockMinute: Math.floor(nowMs / 60_000) };
}

/** Latencies by kind of event. */
class Lanes {
  deltas = 0;
  readonly #byKind = new Map<string, Latencies>();
  readonly #nowMs: () => number;

  constructor(clock: "wall" | "cpu") {
    this.#nowMs = clock === "wall" ? () => performance.now() : cpuMs;
  }

  /** `work` answers with the number of deltas. */
  time(event: InputEvent, work: () => number): void {
    const startedMs = this.#nowMs();
    const deltas = work();
    const milliseconds = this.#nowMs() - startedMs;
    this.deltas += deltas;
    for (const kind of ["all", event.type]) {
      let latencies = this.#byKind.get(kind);
      if (latencies === undefined) this.#byKind.set(kind, (latencies = new Latencies()));
      latencies.add(milliseconds);
    }
  }

  summary(): object {
    return Object.fromEntries([...this.#byKind].sort().map(([kind, latencies]) => [kind, latencies.summary()]));
  }
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
