/** A file of assignments: one row says that a person holds an entitlement, or with ASSIGNED = no that not. */
import { parseTime, TIME_EXPECTATION } from "../time.ts";
import { type CsvRow, type CsvSource, csvError } from "./csv.ts";
import { booleanAt, type CsvHeader, keyAt, tableRows, textAt } from "./csv-table.ts";

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
 * another ASSIGNED or HIGH_RISK.
 */
export function assignmentRows(
  source: CsvSource,
  columns: AssignmentColumns = ASSIGNMENT_COLUMNS,
): AsyncGenerator<readonly AssignmentCsvRow[]> {
  return tableRows(source, (header) => openAssignments(header, columns));
}

function openAssignments(header: CsvHeader, columns: AssignmentColumns): (row: CsvRow) => AssignmentCsvRow {
  const userIndex = header.find(columns.user, true) as number;
  const entitlementIndex = header.find(columns.entitlement, true) as number;
  const [highRiskIndex, lastUsedIndex, assignedIndex] = (["highRisk", "lastUsedAt", "assigned"] as const).map((field) =>
    header.find(columns[field], columns[field] !== ASSIGNMENT_COLUMNS[field]),
  ) as [number | null, number | null, number | null];
  const earlier = new Map<string, Map<string, number>>();
  return (row) => {
    const result: AssignmentCsvRow = {
      line: row.line,
      user: keyAt(row, userIndex, header),
      entitlement: keyAt(row, entitlementIndex, header),
      assigned: booleanAt(row, assignedIndex, header) ?? true,
      highRisk: booleanAt(row, highRiskIndex, header, RISK_WORDS),
      lastUsedAt: timeAt(row, lastUsedIndex, header),
    };
    refuseContradiction(result, earlier, header.file);
    return result;
  };
}

/** Keeps of each pair where it first stood and what was said, packed into one number: files have millions of rows. */
function refuseContradiction(row: AssignmentCsvRow, earlier: Map<string, Map<string, number>>, file: string): void {
  let users = earlier.get(row.entitlement);
  if (users === undefined) {
    users = new Map();
    earlier.set(row.entitlement, users);
  }
  const said = (row.assigned ? 1 : 0) + (row.highRisk === null ? 0 : row.highRisk ? 2 : 4);
  const first = users.get(row.user);
  if (first === undefined) {
    users.set(row.user, row.line * 8 + said);
  } else if (first % 8 !== said) {
    throw csvError(file, row.line, `contradicts line ${Math.floor(first / 8)}: the same assignment, another value`);
  }
}

function timeAt(row: CsvRow, index: number | null, header: CsvHeader): number | null {
  const text = textAt(row, index, header);
  if (text === "") return null;
  const isDate = text.length === "2020-06-06".length;
  const time = parseTime(isDate ? `${text}T00:00:00` : text);
  if (time !== null) return time;
  throw csvError(header.file, row.line, `${header.columns[index as number]} is not ${TIME_EXPECTATION}`);
}
