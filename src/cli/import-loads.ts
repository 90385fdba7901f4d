/** The files of an import, each as rows to check and as the events that it comes to. */
import { resolve } from "node:path";
import { AppError } from "../errors.ts";
import { AttributeReport } from "../events/attribute-report.ts";
import { AssignmentDiff, type CurrentTables, EntitlementDiff, IdentityDiff, type LoadMode } from "../events/diff.ts";
import type { EncodableEvent } from "../events/encode-event.ts";
import type { CsvSource } from "../events/formats/csv.ts";
import { assignmentRows } from "../events/formats/csv-assignments.ts";
import { entitlementRows } from "../events/formats/csv-entitlements.ts";
import { identityRows } from "../events/formats/csv-identities.ts";
import { assignmentsOf, fileBytes } from "./csv-files.ts";
import type { ImportColumns } from "./import-columns.ts";
import type { Removal } from "./import-removals.ts";

export interface ImportFiles {
  readonly identities?: string;
  readonly entitlements?: string;
  readonly assignments?: string;
  readonly delimiter: string;
  readonly cwd: string;
}

export interface Load {
  readonly name: string;
  /** Reads all of the file; answers how many rows it has. Rejects with AppError("input") for one that cannot be used. */
  check(): Promise<number>;
  /** Reads it once more: what it would remove in mode `replace`. */
  removal(current: CurrentTables): Promise<Removal>;
  /** Reads it again, as what differs from the tables; `rows` is how many were read since the last time. */
  events(current: CurrentTables, mode: LoadMode): AsyncGenerator<{ rows: number; events: readonly EncodableEvent[] }>;
}

interface Diff<Row> {
  row(row: Row): readonly EncodableEvent[];
  end(): Iterable<EncodableEvent>;
}

/** The catalog first, then the people, then what they hold. `attributes` is filled by the check of the people. */
export function importLoads(files: ImportFiles, columns: ImportColumns, attributes: AttributeReport): Load[] {
  const { identities, entitlements, assignments, delimiter, cwd } = files;
  if (delimiter.length !== 1) {
    throw new AppError("usage", `--delimiter is ${JSON.stringify(delimiter)}; allowed: one character`);
  }
  const source = (file: string): CsvSource => ({ file, bytes: fileBytes(resolve(cwd, file)), delimiter });
  const loads: Load[] = [];
  if (entitlements !== undefined) {
    const rows = () => entitlementRows(source(entitlements), columns.entitlements);
    loads.push(newLoad("entitlements", rows, (current, mode) => new EntitlementDiff(current, mode), catalogued));
  }
  if (identities !== undefined) {
    const rows = () => identityRows(source(identities), columns.identities);
    const look = (row: { readonly attributes: Parameters<AttributeReport["add"]>[0] }) =>
      attributes.add(row.attributes);
    loads.push(newLoad("identities", rows, (current, mode) => new IdentityDiff(current, mode), active, look));
  }
  if (assignments !== undefined) {
    const [path, file] = [resolve(cwd, assignments), assignments];
    const rows = () => assignmentRows(assignmentsOf({ path, file, delimiter, columns: columns.assignments }));
    loads.push(newLoad("assignments", rows, (current, mode) => new AssignmentDiff(current, mode), held));
  }
  if (loads.length > 0) return loads;
  throw new AppError("usage", "nothing to import", "name at least one of --identities, --entitlements, --assignments");
}

const catalogued = (current: CurrentTables): Iterable<unknown> => current.cataloguedEntitlements();
const active = (current: CurrentTables): Iterable<unknown> => current.activeUsers();
const held = (current: CurrentTables): Iterable<unknown> => current.heldPairs();

function newLoad<Row>(
  name: string,
  rows: () => AsyncGenerator<readonly Row[]>,
  diffOf: (current: CurrentTables, mode: LoadMode) => Diff<Row>,
  existing: (current: CurrentTables) => Iterable<unknown>,
  look: (row: Row) => void = () => {},
): Load {
  return {
    name,
    async check() {
      let count = 0;
      for await (const block of rows()) {
        count += block.length;
        for (const row of block) look(row);
      }
      return count;
    },
    async removal(current) {
      const diff = diffOf(current, "replace");
      for await (const block of rows()) for (const row of block) diff.row(row);
      return { name, removed: countOf(diff.end()), before: countOf(existing(current)) };
    },
    async *events(current, mode) {
      const diff = diffOf(current, mode);
      for await (const block of rows()) yield { rows: block.length, events: block.flatMap((row) => diff.row(row)) };
      yield { rows: 0, events: [...diff.end()] };
    },
  };
}

function countOf(rows: Iterable<unknown>): number {
  let count = 0;
  for (const _ of rows) count++;
  return count;
}
