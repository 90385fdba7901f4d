/** A file of assignments: one row says that a person holds an entitlement, or with ASSIGNED = no that not. */
import { parseTime, TIME_EXPECTATION } from "../time.ts";
import { type CsvRow, type CsvSource, csvError } from "./csv.ts";
import { CsvKeys } from "./csv-keys.ts";
import { CsvPairs } from "./csv-pairs.ts";
import { booleanReader, type CsvHeader, tableRows, textAt } from "./csv-table.ts";

export interface AssignmentColumns {
  readonly user: string;
  readonly entitlement: string;
  readonly highRisk: string;
  readonly lastUsedAt: string;
  readonly assigned: string;
}

/** The last three may be missing in a file, unless they are mapped to other names. */
export const ASSIGNMENT_COLUMNS: AssignmentColumns = {
  user: "USR_KEY",
  entitlement: "ENT",
  highRisk: "HIGH_RISK",
  lastUsedAt: "LAST_USAGE",
  assigned: "ASSIGNED",
};

export interface AssignmentCsvRow {
  readonly line: number;
  readonly user: string;
  readonly entitlement: string;
  readonly assigned: boolean;
  /** null: the file does not say. */
  readonly highRisk: boolean | null;
  /** ms since 1970; null: never, or the file does not say. */
  readonly lastUsedAt: number | null;
}

const RISK_WORDS = { yes: ["high", "critical"], no: ["low", "medium"] };

/**
 * Yields the rows in blocks. Rejects with AppError("input") naming file and line; a pair may come twice, but not with
 * another ASSIGNED or HIGH_RISK, which is found out at the end.
 */
export async function* assignmentRows(
  source: CsvSource,
  columns: AssignmentColumns = ASSIGNMENT_COLUMNS,
): AsyncGenerator<readonly AssignmentCsvRow[]> {
  const pairs = new CsvPairs();
  yield* tableRows(source, (header) => openAssignments(header, columns, pairs));
  const contradiction = pairs.contradiction();
  if (contradiction === null) return;
  const { line, earlierLine } = contradiction;
  throw csvError(source.file, line, `contradicts line ${earlierLine}: the same assignment, another value`);
}

function openAssignments(
  header: CsvHeader,
  columns: AssignmentColumns,
  pairs: CsvPairs,
): (row: CsvRow) => AssignmentCsvRow {
  const users = new CsvKeys(header, header.find(columns.user, true) as number);
  const entitlements = new CsvKeys(header, header.find(columns.entitlement, true) as number);
  const [highRiskIndex, lastUsedIndex, assignedIndex] = (["highRisk", "lastUsedAt", "assigned"] as const).map((field) =>
    header.find(columns[field], columns[field] !== ASSIGNMENT_COLUMNS[field]),
  ) as [number | null, number | null, number | null];
  const assignedAt = booleanReader(assignedIndex, header);
  const highRiskAt = booleanReader(highRiskIndex, header, RISK_WORDS);
  return (row) => {
    const user = users.numberAt(row);
    const entitlement = entitlements.numberAt(row);
    const assigned = assignedAt(row) ?? true;
    const highRisk = highRiskAt(row);
    const said = (assigned ? 1 : 0) + (highRisk === null ? 0 : highRisk ? 2 : 4);
    pairs.note(user, entitlement, said, row.line);
    return {
      line: row.line,
      user: users.textOf(user),
      entitlement: entitlements.textOf(entitlement),
      assigned,
      highRisk,
      lastUsedAt: lastUsedIndex === null ? null : timeAt(row, lastUsedIndex, header),
    };
  };
}

function timeAt(row: CsvRow, index: number, header: CsvHeader): number | null {
  const text = row.values[index]!;
  if (text === "") return null;
  const isDate = text.length === "2020-06-06".length;
  const time = parseTime(isDate ? `${text}T00:00:00` : text);
  if (time !== null) return time;
  textAt(row, index, header);
  throw csvError(header.file, row.line, `${header.columns[index]} is not ${TIME_EXPECTATION}`);
}
