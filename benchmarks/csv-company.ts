/** CSV files → tables in an engine at rest and on disk, with the parts that `import` and the worker are made of. */
import { join } from "node:path";
import { assignmentsOf, fileBytes } from "../src/cli/csv-files.ts";
import type { Engine, StepEvent, StepInput } from "../src/core/engine.ts";
import { type CurrentTables, EntitlementDiff, grantsOf, IdentityDiff } from "../src/events/diff.ts";
import type { InputEvent } from "../src/events/event.ts";
import type { CsvSource } from "../src/events/formats/csv.ts";
import { ASSIGNMENT_COLUMNS } from "../src/events/formats/csv-assignments.ts";
import { entitlementRows } from "../src/events/formats/csv-entitlements.ts";
import { identityRows } from "../src/events/formats/csv-identities.ts";
import type { BenchState } from "./bench-state.ts";
import { COMPANY_MS } from "./company-files.ts";
import { COMPANY_MINUTE } from "./company-rows.ts";

const NOTHING_YET: CurrentTables = {
  identity: () => null,
  assignment: () => null,
  catalogEntry: () => null,
  activeUsers: () => [],
  heldPairs: () => [],
  cataloguedEntitlements: () => [],
};

type Slice = Pick<StepInput, "events" | "grants">;

/** Durable when it resolves; nothing is counted yet. While one slice is written, the next one is read. */
export async function loadCompanyFiles(folder: string, engine: Engine, state: BenchState): Promise<void> {
  let written = Promise.resolve();
  for await (const slice of slicesOf(folder)) {
    const { changes } = engine.step({ ...slice, clockMinute: COMPANY_MINUTE, budgetRecords: 1, catchUp: true });
    await written;
    written = state.write(changes);
  }
  await written;
}

/** In the order of `import`: the catalog, the people, what they hold. */
async function* slicesOf(folder: string): AsyncGenerator<Slice> {
  const fileOf = (name: string): string => join(folder, `${name}.csv`);
  const source = (name: string): CsvSource => ({ file: name, bytes: fileBytes(fileOf(name)), delimiter: "," });
  const path = fileOf("assignments");
  const blocks = assignmentsOf({ path, file: path, delimiter: ",", columns: ASSIGNMENT_COLUMNS });
  const catalog = new EntitlementDiff(NOTHING_YET, "merge");
  for await (const rows of entitlementRows(source("entitlements"))) yield sliceOf(rows, (row) => catalog.row(row));
  const people = new IdentityDiff(NOTHING_YET, "merge");
  for await (const rows of identityRows(source("identities"))) yield sliceOf(rows, (row) => people.row(row));
  for await (const block of blocks) {
    const grants = grantsOf(block);
    if (grants === null) throw new Error("a file of a made-up company takes something away");
    yield { events: [], grants: { grants, recordAtMs: COMPANY_MS } };
  }
}

function sliceOf<Row>(rows: readonly Row[], eventsOf: (row: Row) => readonly InputEvent[]): Slice {
  const events: StepEvent[] = [];
  for (const row of rows) for (const event of eventsOf(row)) events.push({ event, recordAtMs: COMPANY_MS });
  return { events };
}
