/** CSV files → tables in an engine at rest and on disk, with the parts that `import` and the worker are made of. */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { Engine, StepEvent } from "../src/core/engine.ts";
import { AssignmentDiff, type CurrentTables, EntitlementDiff, IdentityDiff } from "../src/events/diff.ts";
import type { InputEvent } from "../src/events/event.ts";
import type { CsvSource } from "../src/events/formats/csv.ts";
import { assignmentRows } from "../src/events/formats/csv-assignments.ts";
import { entitlementRows } from "../src/events/formats/csv-entitlements.ts";
import { identityRows } from "../src/events/formats/csv-identities.ts";
import type { BenchState } from "./bench-state.ts";
import { COMPANY_MS } from "./company-files.ts";
import { COMPANY_MINUTE } from "./company-rows.ts";

const EVENTS_A_STEP = 5_000;
const BYTES_AT_ONCE = 256 * 1024;

const NOTHING_YET: CurrentTables = {
  identity: () => null,
  assignment: () => null,
  catalogEntry: () => null,
  activeUsers: () => [],
  heldPairs: () => [],
  cataloguedEntitlements: () => [],
};

/** Durable when it resolves; nothing is counted yet. While one slice is written, the next one is read. */
export async function loadCompanyFiles(folder: string, engine: Engine, state: BenchState): Promise<void> {
  let written = Promise.resolve();
  let events: StepEvent[] = [];
  const flush = async (): Promise<void> => {
    const { changes } = engine.step({ clockMinute: COMPANY_MINUTE, events, budgetRecords: 1, catchUp: true });
    events = [];
    await written;
    written = state.write(changes);
  };
  for (const load of loadsOf(folder)) {
    for await (const block of load) {
      for (const event of block) events.push({ event, recordAtMs: COMPANY_MS });
      if (events.length >= EVENTS_A_STEP) await flush();
    }
  }
  await flush();
  await written;
}

/** In the order of `import`. */
function loadsOf(folder: string): AsyncGenerator<InputEvent[]>[] {
  const source = (name: string): CsvSource => {
    const file = join(folder, `${name}.csv`);
    return { file, bytes: createReadStream(file, { highWaterMark: BYTES_AT_ONCE }), delimiter: "," };
  };
  return [
    eventsOf(entitlementRows(source("entitlements")), new EntitlementDiff(NOTHING_YET, "merge")),
    eventsOf(identityRows(source("identities")), new IdentityDiff(NOTHING_YET, "merge")),
    eventsOf(assignmentRows(source("assignments")), new AssignmentDiff(NOTHING_YET, "merge")),
  ];
}

async function* eventsOf<Row>(
  blocks: AsyncIterable<readonly Row[]>,
  diff: { row(row: Row): readonly InputEvent[] },
): AsyncGenerator<InputEvent[]> {
  for await (const block of blocks) {
    const events: InputEvent[] = [];
    for (const row of block) for (const event of diff.row(row)) events.push(event);
    yield events;
  }
}
