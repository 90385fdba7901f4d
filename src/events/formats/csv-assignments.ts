/** A file of assignments: one row says that a person holds an entitlement, or with ASSIGNED = no that not. */
import type { AssignmentGrants } from "../event.ts";
import { parsePlainTime, parseTime, TIME_EXPECTATION } from "../time.ts";
import { type CsvSource, csvError } from "./csv.ts";
import { CsvPairs } from "./csv-pairs.ts";
import type { CsvRows } from "./csv-rows.ts";
import { booleanAt, type CsvHeader, keyAt, tableBlocks, textAt, type Words } from "./csv-table.ts";
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
  readonly user: string;
  readonly entitlement: string;
  readonly assigned: boolean;
  /** null: the file does not say. */
  readonly highRisk: boolean | null;
  /** ms since 1970; null: never, or the file does not say. */
  readonly lastUsedAt: number | null;
}

/** Rows as columns; they are grants where `assigned` is 1. */
export interface AssignmentCsvBlock extends AssignmentGrants {
  readonly assigned: Uint8Array;
}

const RISK_WORDS: Words = { yes: ["high", "critical"], no: ["low", "medium"] };

/**
 * Yields the rows in blocks. Rejects with AppError("input") naming file and line; a pair may come twice, but not with
 * another ASSIGNED or HIGH_RISK, which is found out at the end.
 */
export async function* assignmentBlocks(
  source: CsvSource,
  columns: AssignmentColumns = ASSIGNMENT_COLUMNS,
): AsyncGenerator<AssignmentCsvBlock> {
  const pairs = new CsvPairs();
  yield* tableBlocks(source, (header) => openAssignments(header, columns, pairs));
  const contradiction = pairs.contradiction();
  if (contradiction === null) return;
  const { line, earlierLine } = contradiction;
  throw csvError(source.file, line, `contradicts line ${earlierLine}: the same assignment, another value`);
}

/** The blocks row by row. */
export async function* assignmentRows(
  blocks: AsyncIterable<AssignmentCsvBlock>,
): AsyncGenerator<readonly AssignmentCsvRow[]> {
  for await (const block of blocks) yield assignmentRowsOf(block);
}

export function assignmentRowsOf(block: AssignmentCsvBlock): readonly AssignmentCsvRow[] {
  return Array.from(block.userAt, (_, index) => rowOf(block, index));
}

function rowOf(block: AssignmentCsvBlock, index: number): AssignmentCsvRow {
  const highRisk = block.highRisk[index]!;
  const lastUsedAt = block.lastUsedAt[index]!;
  return {
    user: block.users[block.userAt[index]!]!,
    entitlement: block.entitlements[block.entitlementAt[index]!]!,
    assigned: block.assigned[index] === 1,
    highRisk: highRisk === 0 ? null : highRisk === 2,
    lastUsedAt: lastUsedAt < 0 ? null : lastUsedAt,
  };
}

function openAssignments(
  header: CsvHeader,
  columns: AssignmentColumns,
  pairs: CsvPairs,
): (rows: CsvRows) => AssignmentCsvBlock {
  const [users, entitlements] = [new BlockKeys(header, columns.user), new BlockKeys(header, columns.entitlement)];
  const [highRiskIndex, lastUsedIndex, assignedIndex] = (["highRisk", "lastUsedAt", "assigned"] as const).map((field) =>
    header.find(columns[field], columns[field] !== ASSIGNMENT_COLUMNS[field]),
  ) as [number | null, number | null, number | null];
  const assignedAt = booleanReader(assignedIndex, header);
  const highRiskAt = booleanReader(highRiskIndex, header, RISK_WORDS);
  const block = new BlockColumns();
  return (rows) => {
    block.begin(Math.ceil(rows.bytes.length / ROW_BYTES_MIN));
    let size = 0;
    for (; header.next(rows); size++) {
      const [user, entitlement] = [users.numberAt(rows), entitlements.numberAt(rows)];
      const [isAssigned, isHighRisk] = [assignedAt(rows) ?? true, highRiskAt(rows)];
      const [assigned, highRisk] = [isAssigned ? 1 : 0, isHighRisk === null ? 0 : isHighRisk ? 2 : 1];
      pairs.note(user, entitlement, assigned + highRisk * 2, rows.line);
      block.userAt[size] = users.placeOf(user);
      block.entitlementAt[size] = entitlements.placeOf(entitlement);
      block.assigned[size] = assigned;
      block.highRisk[size] = highRisk;
      block.lastUsedAt[size] = lastUsedIndex === null ? -1 : timeAt(rows, lastUsedIndex, header);
    }
    return { users: users.takeTexts(), entitlements: entitlements.takeTexts(), ...block.columns(size) };
  };
}

/** Two keys, what divides them, and a line end. */
const ROW_BYTES_MIN = 4;

/** The columns of a block while its rows are read; used again for the next one. */
class BlockColumns {
  userAt: Uint32Array = new Uint32Array(0);
  entitlementAt: Uint32Array = new Uint32Array(0);
  assigned: Uint8Array = new Uint8Array(0);
  highRisk: Uint8Array = new Uint8Array(0);
  lastUsedAt: Float64Array = new Float64Array(0);

  begin(rowsMax: number): void {
    if (rowsMax <= this.userAt.length) return;
    this.userAt = new Uint32Array(rowsMax);
    this.entitlementAt = new Uint32Array(rowsMax);
    this.assigned = new Uint8Array(rowsMax);
    this.highRisk = new Uint8Array(rowsMax);
    this.lastUsedAt = new Float64Array(rowsMax);
  }

  columns(size: number): Omit<AssignmentCsvBlock, "users" | "entitlements"> {
    return {
      userAt: this.userAt.slice(0, size),
      entitlementAt: this.entitlementAt.slice(0, size),
      assigned: this.assigned.slice(0, size),
      highRisk: this.highRisk.slice(0, size),
      lastUsedAt: this.lastUsedAt.slice(0, size),
    };
  }
}

/** A column of keys, with those of each block in a list of their own. */
class BlockKeys {
  readonly #texts: CsvTexts;
  /** By number: the place in a list of all blocks' keys one after the other. */
  readonly #places: number[] = [];
  #blockAt = 0;
  #inBlock: string[] = [];

  constructor(header: CsvHeader, column: string) {
    const index = header.find(column, true) as number;
    this.#texts = new CsvTexts(index, (row) => keyAt(row, index, header));
  }

  numberAt(row: CsvRows): number {
    return this.#texts.numberAt(row);
  }

  placeOf(number: number): number {
    const known = number < this.#places.length ? this.#places[number]! : -1;
    if (known >= this.#blockAt) return known - this.#blockAt;
    const place = this.#inBlock.push(this.#texts.textOf(number)) - 1;
    this.#places[number] = this.#blockAt + place;
    return place;
  }

  /** The keys of the block; the next block begins. */
  takeTexts(): string[] {
    const texts = this.#inBlock;
    this.#inBlock = [];
    this.#blockAt += texts.length;
    return texts;
  }
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

/** -1: there is none. */
function timeAt(row: CsvRows, index: number, header: CsvHeader): number {
  const [start, end] = [row.startOf(index), row.endOf(index)];
  if (start === end) return -1;
  const plain = parsePlainTime(row.bytes, start, end);
  if (!Number.isNaN(plain)) return plain;
  const text = row.textOf(index);
  const isDate = text.length === "2020-06-06".length;
  const time = parseTime(isDate ? `${text}T00:00:00` : text);
  if (time !== null) return time;
  textAt(row, index, header);
  throw csvError(header.file, row.line, `${header.columns[index]} is not ${TIME_EXPECTATION}`);
}
