/** CSV files → tables in an engine at rest and on disk, with the parts that `import` and the worker are made of. */
import { join } from "node:path";
import { assignmentsOf, fileBytes } from "../src/cli/csv-files.ts";
import type { Engine, StepEvent, StepInput } from "../src/core/engine.ts";
import { type CurrentTables, EntitlementDiff, grantsOf, IdentityDiff } from "../src/events/diff.ts";
import type { InputEvent } from "../src/events/event.ts";
import type { CsvSource } from "../src/events/formats/csv.ts";
import { ASSIGNMENT_COLUMNS, type AssignmentCsvBlock } from "../src/events/formats/csv-assignments.ts";
import { entitlementRows } from "../src/events/formats/csv-entitlements.ts";
import { identityRows } from "../src/events/formats/csv-identities.ts";
import type { StartHelp } from "../src/worker/start-help.ts";
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

/** Durable when it resolves; nothing is counted yet, but people's itemsets are being planted. */
export async function loadCompanyFiles(
  folder: string,
  engine: Engine,
  state: BenchState,
  help: StartHelp,
): Promise<void> {
  const { entitlements, people, assignments } = slicesOf(folder);
  const load = async (slices: AsyncGenerator<Slice>): Promise<void> => {
    // While one slice is written, the next one is read.
    let written = Promise.resolve();
    for await (const slice of slices) {
      const { changes } = engine.step({ ...slice, clockMinute: COMPANY_MINUTE, budgetRecords: 1, catchUp: true });
      await written;
      written = state.write(changes);
    }
    await written;
  };
  await load(entitlements);
  await load(people);
  help.plantAhead(engine);
  await load(assignments);
}

interface CompanySlices {
  readonly entitlements: AsyncGenerator<Slice>;
  readonly people: AsyncGenerator<Slice>;
  readonly assignments: AsyncGenerator<Slice>;
}

/** To be read in this order, that of `import`; the assignments are read ahead. */
function slicesOf(folder: string): CompanySlices {
  const fileOf = (name: string): string => join(folder, `${name}.csv`);
  const source = (name: string): CsvSource => ({ file: name, bytes: fileBytes(fileOf(name)), delimiter: "," });
  const path = fileOf("assignments");
  const blocks = assignmentsOf({ path, file: path, delimiter: ",", columns: ASSIGNMENT_COLUMNS });
  const catalog = new EntitlementDiff(NOTHING_YET, "merge");
  const people = new IdentityDiff(NOTHING_YET, "merge");
  return {
    entitlements: eventSlices(entitlementRows(source("entitlements")), (row) => catalog.row(row)),
    people: eventSlices(identityRows(source("identities")), (row) => people.row(row)),
    assignments: grantSlices(blocks),
  };
}

async function* eventSlices<Row>(
  blocks: AsyncIterable<readonly Row[]>,
  eventsOf: (row: Row) => readonly InputEvent[],
): AsyncGenerator<Slice> {
  for await (const rows of blocks) {
    const events: StepEvent[] = [];
    for (const row of rows) for (const event of eventsOf(row)) events.push({ event, recordAtMs: COMPANY_MS });
    yield { events };
  }
}

async function* grantSlices(blocks: AsyncIterable<AssignmentCsvBlock>): AsyncGenerator<Slice> {
  for await (const block of blocks) {
    const grants = grantsOf(block);
    if (grants === null) throw new Error("a file of a made-up company takes something away");
    yield { events: [], grants: { grants, recordAtMs: COMPANY_MS } };
  }
}
