/** `demo`: a made-up company, or the worked example, streams through the engine; its answers scroll by. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import type { Config } from "../config/keys.ts";
import { type Company, makeCompany } from "../demo/company.ts";
import { foundingEvents } from "../demo/company-events.ts";
import { exampleEvents } from "../demo/example.ts";
import { companyEvents } from "../demo/stream.ts";
import { AppError } from "../errors.ts";
import type { EncodableEvent } from "../events/encode-event.ts";
import type { AppendRecord } from "../transport/transport.ts";
import { openWorker } from "../worker/open-worker.ts";
import type { Worker } from "../worker/worker.ts";
import { type DemoProgress, readDemoProgress, writeDemoProgress } from "./demo-progress.ts";
import { DemoScreen } from "./demo-screen.ts";
import { eventRecord } from "./event-record.ts";
import { ProgressLine } from "./progress-line.ts";
import { openSession, type Session } from "./session.ts";
import { Tally } from "./tally.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly example?: boolean;
  readonly events?: number;
  readonly people: number;
  readonly seed: number;
  readonly rate?: number;
}

const DEMO_FOLDER = join(".corollary", "demo");
const EXAMPLE_FOLDER = join(".corollary", "example");
const FOUNDING_CHUNK = 2_000;
const RATE_DEFAULT = 25;
/** Events of one submission when nobody watches the pace. */
const BATCH_UNPACED = 100;
const BATCHES_PER_SECOND = 5;
/** With --json only the totals are said, at the end. */
const NOWHERE = { write: () => true };

export function addDemo(program: Command, terminal: Terminal): void {
  program
    .command("demo")
    .description("stream joiners, movers, leavers, grants and revocations of a made-up company through the engine")
    .option("--example", "the worked example of eleven people, event by event, then end")
    .option("--events <n>", "end after n events, at full speed unless --rate is given", whole(0, 1e9))
    .option("--rate <n>", `events a second (default: ${RATE_DEFAULT}; 0: full speed)`, whole(0, 1e6))
    .option("--people <n>", "size of the company", whole(10, 1e6), 2_000)
    .option("--seed <n>", "another company", whole(0, 2 ** 31), 1)
    .action(async (options: Options, command: Command) => {
      const session = openSession(command, terminal, {
        data: options.example ? EXAMPLE_FOLDER : DEMO_FOLDER,
        log: { level: "warn" },
      });
      await (options.example ? playExample(session) : playCompany(session, options));
    });
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Allowed: a whole number from ${min} to ${max}.`);
  };
}

async function playExample(session: Session): Promise<void> {
  const { config, log, terminal } = session;
  clearExample(config, terminal);
  const worker = await openWorker({ config, log });
  try {
    const screen = screenOf(worker, session, true);
    let number = 0;
    for (const event of exampleEvents()) {
      if (terminal.signal.aborted) break;
      const named = { ...event, id: `example-${number++}` };
      screen.expect([named]);
      await worker.submit(named.id, [eventRecord(named as EncodableEvent, config)]);
      await worker.runUntilQuiet();
    }
    screen.showTotals();
    session.answer(screen.totals);
  } finally {
    await worker.close();
  }
  session.say(`Compare: corollary export --out example-view --data ${config.data}`);
}

/** The folder of the example is ours to empty; one that the user names is not. */
function clearExample(config: Config, terminal: Terminal): void {
  if (config.data === join(terminal.cwd, EXAMPLE_FOLDER)) rmSync(config.data, { recursive: true, force: true });
  if (!existsSync(config.data) || readdirSync(config.data).length === 0) return;
  throw new AppError(
    "usage",
    `${config.data} is not empty`,
    "the example begins with nothing: name a new folder with --data",
  );
}

async function playCompany(session: Session, options: Options): Promise<void> {
  const { config, log } = session;
  const before = readDemoProgress(config.data);
  checkSameCompany(before, options, config);
  const company = makeCompany({ people: options.people, seed: options.seed });
  const worker = await openWorker({ config, log });
  try {
    const founded = before?.founded ? before : await found(company, before, worker, session);
    if (founded.founded) await live(company, founded, worker, session, options);
  } finally {
    await worker.close();
  }
  session.say(`The data is in ${config.data}; the next start goes on from there.`);
}

function checkSameCompany(before: DemoProgress | null, { people, seed }: Options, config: Config): void {
  if (before === null || (before.people === people && before.seed === seed)) return;
  const held = `${before.people} people, seed ${before.seed}`;
  throw new AppError(
    "usage",
    `${config.data} holds another company (${held})`,
    "name another folder with --data, or the same --people and --seed",
  );
}

/** The company as it stands on the first day. Interrupted, it goes on with the next start. */
async function found(
  company: Company,
  before: DemoProgress | null,
  worker: Worker,
  session: Session,
): Promise<DemoProgress> {
  const { config, terminal } = session;
  const { people, seed } = company;
  const progress = before ?? { people, seed, foundedAtMs: Date.now(), founded: false, events: 0, submitting: 0 };
  writeDemoProgress(config.data, progress);

  const total = company.entitlements.length + people + company.held.length;
  session.say(
    `A company of ${people} people, ${company.entitlements.length} entitlements, ${company.held.length} assignments.`,
  );
  const line = new ProgressLine(terminal.stderr, "Importing", total);
  let chunk: AppendRecord[] = [];
  let chunks = 0;
  const flush = async () => {
    await worker.submit(`founding-${chunks++}`, chunk);
    line.advance(chunk.length);
    chunk = [];
  };
  for (const event of foundingEvents(company, progress.foundedAtMs)) {
    chunk.push(eventRecord(event as EncodableEvent, config));
    if (chunk.length < FOUNDING_CHUNK) continue;
    await flush();
    if (terminal.signal.aborted) return progress;
  }
  await flush();
  line.end();
  session.say("Learning the rules …");
  await worker.runUntilQuiet();
  const done = { ...progress, founded: true };
  writeDemoProgress(config.data, done);
  return done;
}

/** What happens from then on, until the signal or the asked number of events. */
async function live(
  company: Company,
  before: DemoProgress,
  worker: Worker,
  session: Session,
  options: Options,
): Promise<void> {
  const { config, terminal } = session;
  const screen = screenOf(worker, session, false);
  screen.showTotals();
  const rate = options.rate ?? (options.events === undefined ? RATE_DEFAULT : 0);
  const batchSize = rate === 0 ? BATCH_UNPACED : Math.max(1, Math.round(rate / BATCHES_PER_SECOND));
  const stream = companyEvents(company, { seed: company.seed, skip: before.events, idPrefix: "demo-" });
  const submit = async (events: number, count: number): Promise<number> => {
    const batch = take(stream, count);
    screen.expect(batch);
    writeDemoProgress(config.data, { ...before, events, submitting: count });
    await worker.submit(
      `demo-${events}-${count}`,
      batch.map((event) => eventRecord(event as EncodableEvent, config)),
    );
    writeDemoProgress(config.data, { ...before, events: events + count, submitting: 0 });
    await worker.runUntilQuiet();
    return events + count;
  };

  let { events } = before;
  if (before.submitting > 0) events = await submit(events, before.submitting);
  const until = events + (options.events ?? Number.POSITIVE_INFINITY);
  while (events < until && !terminal.signal.aborted) {
    const startedMs = performance.now();
    const count = Math.min(batchSize, until - events);
    events = await submit(events, count);
    if (rate > 0) await pause((count * 1000) / rate - (performance.now() - startedMs), terminal.signal);
  }
  screen.showTotals();
  session.answer(screen.totals);
}

function take<T>(stream: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => stream.next().value as T);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => {});
}

function screenOf(worker: Worker, session: Session, everything: boolean): DemoScreen {
  const out = session.json ? NOWHERE : session.terminal.stdout;
  const tally = new Tally(worker.engine.publishedView());
  const screen = new DemoScreen(out, tally, { now: () => performance.now(), everything });
  worker.onStep(({ deltas }) => screen.show(deltas));
  return screen;
}
