/** What the three kinds of files have in common: a header that names the columns, and rows that fit it. */
import { AppError } from "../../errors.ts";
import { textFault } from "../text.ts";
import { type CsvSource, csvBlocks, csvError } from "./csv.ts";
import type { CsvRows } from "./csv-rows.ts";

/** The columns of one file; made from its header. */
export class CsvHeader {
  readonly file: string;
  readonly columns: readonly string[];
  readonly #line: number;

  /** From the row that is to name the columns. Throws AppError("input") when one has no name or the name of another. */
  constructor(file: string, row: CsvRows) {
    this.file = file;
    this.columns = Array.from({ length: row.width }, (_, index) => row.textOf(index));
    this.#line = row.line;
    for (const [index, column] of this.columns.entries()) {
      if (column === "") throw csvError(file, row.line, `column ${index + 1} has no name`);
      const first = this.columns.indexOf(column);
      if (first !== index) {
        throw csvError(file, row.line, `columns ${first + 1} and ${index + 1} are both called ${column}`);
      }
    }
  }

  /** Goes to the next row; false: there is none. Throws AppError("input") when it has too few or too many values. */
  next(rows: CsvRows): boolean {
    if (!rows.next()) return false;
    const { length } = this.columns;
    if (rows.width === length) return true;
    throw csvError(this.file, rows.line, `${rows.width} values, but the header names ${length} columns`);
  }

  /** Index of a column; null when it is not there and not required. */
  find(column: string, isRequired: boolean): number | null {
    const index = this.columns.indexOf(column);
    if (index >= 0) return index;
    if (!isRequired) return null;
    const found = this.columns.join(", ");
    const hint = "Name the column in the file, or map another one to it.";
    throw csvError(this.file, this.#line, `there is no column ${column}; the columns are ${found}`, hint);
  }
}

/**
 * Yields what the function that `open` returns for the header makes of each block of rows; it goes through all of them by
 * `CsvHeader.next`. Rejects with AppError("input") naming file and line: an empty file, a bad header.
 */
export async function* tableBlocks<Block>(
  source: CsvSource,
  open: (header: CsvHeader) => (rows: CsvRows) => Block,
): AsyncGenerator<Block> {
  let convert: ((rows: CsvRows) => Block) | null = null;
  for await (const rows of csvBlocks(source)) {
    if (convert === null && rows.next()) convert = open(new CsvHeader(source.file, rows));
    if (convert !== null) yield convert(rows);
  }
  if (convert === null) throw new AppError("input", `${source.file} is empty: it has not even a header`);
}

/** As `tableBlocks`; `open` returns what makes one row. */
export function tableRows<Row>(
  source: CsvSource,
  open: (header: CsvHeader) => (row: CsvRows) => Row,
): AsyncGenerator<readonly Row[]> {
  return tableBlocks(source, (header) => {
    const convert = open(header);
    return (rows) => {
      const converted: Row[] = [];
      while (header.next(rows)) converted.push(convert(rows));
      return converted;
    };
  });
}

/** The text in a column; "" when the column is not there. Throws AppError("input") when the text is not allowed. */
export function textAt(row: CsvRows, index: number | null, header: CsvHeader): string {
  if (index === null) return "";
  const text = row.textOf(index);
  const fault = textFault(text);
  if (fault === null) return text;
  throw csvError(header.file, row.line, `${header.columns[index]} is not an allowed text: it is ${fault}`);
}

/** As `textAt`, but an empty text is refused. */
export function keyAt(row: CsvRows, index: number, header: CsvHeader): string {
  const text = textAt(row, index, header);
  if (text === "") throw csvError(header.file, row.line, `${header.columns[index]} is empty`);
  return text;
}

/** Spellings of yes and no that one column has besides the usual ones. */
export interface Words {
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

const YES: ReadonlySet<string> = new Set(["true", "1", "yes", "y"]);
const NO: ReadonlySet<string> = new Set(["false", "0", "no", "n"]);

/** Yes or no in one of its usual spellings, in any case, or one of the words given; null when empty. */
export function booleanAt(
  row: CsvRows,
  index: number | null,
  header: CsvHeader,
  words: Words = { yes: [], no: [] },
): boolean | null {
  const text = textAt(row, index, header);
  if (text === "") return null;
  const word = text.toLowerCase();
  if (YES.has(word) || words.yes.includes(word)) return true;
  if (NO.has(word) || words.no.includes(word)) return false;
  const allowed = [...words.yes, ...YES, ...words.no, ...NO].join(", ");
  throw csvError(header.file, row.line, `${header.columns[index as number]} is not one of ${allowed}, or empty`);
}
