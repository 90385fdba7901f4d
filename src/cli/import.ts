/**
 * `import`: CSV files → the fewest events that make the tables say what the files say. Every file is read twice: first
 * all of it is checked, so that nothing of a bad file gets in; then it is compared with the tables, block by block.
 */
import { randomUUID } from "node:crypto";
import { type Command, Option } from "commander";
import { AppError } from "../errors.ts";
import { AttributeReport } from "../events/attribute-report.ts";
import type { CurrentTables, LoadMode } from "../events/diff.ts";
import type { AppendRecord } from "../transport/transport.ts";
import { currentTables } from "./current-tables.ts";
import { eventRecord } from "./event-record.ts";
import { importColumns } from "./import-columns.ts";
import { type ImportFiles, importLoads, type Load } from "./import-loads.ts";
import { type Removal, refuseLargeRemovals, removalsText } from "./import-removals.ts";
import { type InputDoor, openInputDoor } from "./input-door.ts";
import { ProgressLine } from "./progress-line.ts";
import { openSession, type Session } from "./session.ts";
import { readStoredEngine } from "./stored-engine.ts";
import type { Terminal } from "./terminal.ts";

interface Options extends ImportFiles {
  readonly mode: LoadMode;
  readonly releaseRemovals?: boolean;
  readonly column?: readonly string[];
}

const CHUNK_RECORDS = 2_000;

export function addImport(program: Command, terminal: Terminal): void {
  program
    .command("import")
    .description("load CSV files; only what differs from the tables becomes an event")
    .option("--identities <file>", "people and their attributes (USR_KEY, …)")
    .option("--entitlements <file>", "the catalog (ENT, APP_NAME, APP_ID)")
    .option("--assignments <file>", "who holds what (USR_KEY, ENT, HIGH_RISK, LAST_USAGE, optional ASSIGNED)")
    .addOption(
      new Option("--mode <mode>", "replace: what a file does not mention is removed")
        .choices(["merge", "replace"])
        .default("merge"),
    )
    .option("--release-removals", "let --mode replace remove more than snapshotRemoveMax (5 %, from 50 rows on)")
    .option("--delimiter <character>", "between the values of a line", ",")
    .addOption(
      new Option(
        "--column <file.field=COLUMN>",
        "a column of another name: identities.user=EMPLOYEE_ID; repeatable",
      ).argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]),
    )
    .action(async (options: Options, command: Command) => {
      const session = openSession(command, terminal);
      const attributes = new AttributeReport();
      const loads = importLoads({ ...options, cwd: terminal.cwd }, importColumns(options.column ?? []), attributes);
      const rows: Record<string, number> = {};
      for (const load of loads) rows[load.name] = await load.check();
      reportAttributes(attributes, session);

      const door = await openInputDoor(session);
      try {
        await door.worker?.runUntilQuiet();
        const engine = door.worker?.engine ?? (await readStoredEngine(session.config)).engine;
        const current = currentTables(engine);
        const removals = options.mode === "replace" ? await removalsOf(loads, current) : [];
        if (options.releaseRemovals !== true) refuseLargeRemovals(removals, session.config.snapshotRemoveMax);
        const events = await submitAll(loads, current, options.mode, rows, door, session);
        await conclude(session, door, {
          rows,
          events,
          removals,
          attributes: attributes.summaries(),
          warnings: attributes.warnings(),
        });
      } finally {
        await door.close();
      }
    });
}

async function removalsOf(loads: readonly Load[], current: CurrentTables): Promise<Removal[]> {
  const removals: Removal[] = [];
  for (const load of loads) removals.push(await load.removal(current));
  return removals;
}

function reportAttributes(attributes: AttributeReport, session: Session): void {
  const summaries = attributes.summaries();
  if (summaries.length === 0) return;
  for (const { attribute, nulls, distinct } of summaries) {
    session.say(`${attribute}: ${distinct} different values, ${nulls} without`);
  }
  for (const warning of attributes.warnings()) session.say(`Warning: ${warning}`);
}

/** Answers with the events that were submitted, by type. A file may change between check and load: rows are counted anew. */
async function submitAll(
  loads: readonly Load[],
  current: CurrentTables,
  mode: LoadMode,
  rows: Readonly<Record<string, number>>,
  door: InputDoor,
  session: Session,
): Promise<Record<string, number>> {
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  const line = new ProgressLine(session.terminal.stderr, "Importing", total);
  const source = `import-${randomUUID()}`;
  const events: Record<string, number> = {};
  let chunk: AppendRecord[] = [];
  let chunks = 0;
  const flush = async () => {
    if (chunk.length > 0) await door.submit(`${source}-${chunks++}`, chunk);
    chunk = [];
  };
  for (const load of loads) {
    for await (const block of load.events(current, mode)) {
      for (const event of block.events) {
        events[event.type] = (events[event.type] ?? 0) + 1;
        chunk.push(eventRecord(event, session.config));
        if (chunk.length >= CHUNK_RECORDS) await flush();
      }
      line.advance(block.rows);
      if (session.terminal.signal.aborted) throw interrupted();
    }
  }
  await flush();
  line.end();
  return events;
}

function interrupted(): AppError {
  return new AppError(
    "input",
    "interrupted",
    "a part of the files is imported; the same command again imports the rest",
  );
}

interface Outcome {
  readonly rows: Readonly<Record<string, number>>;
  readonly events: Readonly<Record<string, number>>;
  /** Mode `replace` only. */
  readonly removals: readonly Removal[];
  readonly attributes: ReturnType<AttributeReport["summaries"]>;
  readonly warnings: readonly string[];
}

async function conclude(session: Session, door: InputDoor, outcome: Outcome): Promise<void> {
  const changes = Object.entries(outcome.events).map(([type, count]) => `${count} ${type}`);
  const read = Object.entries(outcome.rows).map(([name, count]) => `${count} ${name}`);
  session.say(
    `${read.join(", ")} read; ${changes.length === 0 ? "nothing differs from the tables" : changes.join(", ")}`,
  );
  const { removals } = outcome;
  if (removals.length > 0) session.say(`Removed, because the files do not mention them: ${removalsText(removals)}`);
  if (door.worker === null) {
    session.say(`Handed to the worker that holds ${session.config.data}.`);
    session.answer({ ...outcome, handedOver: true });
    return;
  }
  const summary = await door.worker.runUntilQuiet();
  session.say(`${summary.deltas} deltas published in ${summary.steps} steps`);
  session.answer({ ...outcome, handedOver: false, ...summary });
}
