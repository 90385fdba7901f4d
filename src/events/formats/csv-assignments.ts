/** A file of assignments: one row says that a person holds an entitlement, or with ASSIGNED = no that not. */
import { parsePlainTime, parseTime, TIME_EXPECTATION } from "../time.ts";
import { type CsvSource, csvError } from "./csv.ts";
import { CsvPairs } from "./csv-pairs.ts";
import type { CsvRows } from "./csv-rows.ts";
import { booleanAt, type CsvHeader, keyAt, tableRows, textAt, type Words } from "./csv-table.ts";
import { CsvTexts } from "./csv-texts.ts";

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

const RISK_WORDS: Words = { yes: ["high", "critical"], no: ["low", "medium"] };

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
): (row: CsvRows) => AssignmentCsvRow {
  const keys = (column: string): CsvTexts => {
    const index = header.find(column, true) as number;
    return new CsvTexts(index, (row) => keyAt(row, index, header));
  };
  const [users, entitlements] = [keys(columns.user), keys(columns.entitlement)];
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

/** As `booleanAt`; every spelling is looked at once. */
function booleanReader(index: number | null, header: CsvHeader, words?: Words): (row: CsvRows) => boolean | null {
  if (index === null) return () => null;
  const spellings = new CsvTexts(index, (row) => row.textOf(index));
  const meanings: (boolean | null)[] = [];
  return (row) => {
    const spelling = spellings.numberAt(row);
    if (spelling === meanings.length) meanings.push(booleanAt(row, index, header, words));
    return meanings[spelling]!;
  };
}

function timeAt(row: CsvRows, index: number, header: CsvHeader): number | null {
  const [start, end] = [row.startOf(index), row.endOf(index)];
  if (start === end) return null;
  const plain = parsePlainTime(row.bytes, start, end);
  if (!Number.isNaN(plain)) return plain;
  const text = row.textOf(index);
  const isDate = text.length === "2020-06-06".length;
  const time = parseTime(isDate ? `${text}T00:00:00` : text);
  if (time !== null) return time;
  textAt(row, index, header);
  throw csvError(header.file, row.line, `${header.columns[index]} is not ${TIME_EXPECTATION}`);
}
