/** What the three kinds of files have in common: a header that names the columns, and rows that fit it. */
import { AppError } from "../../errors.ts";
import { textFault } from "../text.ts";
import { type CsvRow, type CsvSource, csvError, csvRows } from "./csv.ts";

/** The columns of one file; made from its header. */
export class CsvHeader {
  readonly file: string;
  readonly columns: readonly string[];
  readonly #line: number;

  /** Throws AppError("input") when a column has no name or the name of another. */
  constructor(file: string, row: CsvRow) {
    this.file = file;
    this.columns = row.values;
    this.#line = row.line;
    for (const [index, column] of row.values.entries()) {
      if (column === "") throw csvError(file, row.line, `column ${index + 1} has no name`);
      const first = row.values.indexOf(column);
      if (first !== index) {
        throw csvError(file, row.line, `columns ${first + 1} and ${index + 1} are both called ${column}`);
      }
    }
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
 * Yields the rows of a file in blocks, each made by the function that `open` returns for the header. Rejects with
 * AppError("input") naming file and line: an empty file, a bad header, a row with too few or too many values.
 */
export async function* tableRows<Row>(
  source: CsvSource,
  open: (header: CsvHeader) => (row: CsvRow) => Row,
): AsyncGenerator<readonly Row[]> {
  let header: CsvHeader | null = null;
  let convert: ((row: CsvRow) => Row) | null = null;
  for await (const block of csvRows(source)) {
    const rows: Row[] = [];
    for (const row of block) {
      if (header === null || convert === null) {
        header = new CsvHeader(source.file, row);
        convert = open(header);
        continue;
      }
      const values = row.values.length;
      if (values !== header.columns.length) {
        throw csvError(
          source.file,
          row.line,
          `${values} values, but the header names ${header.columns.length} columns`,
        );
      }
      rows.push(convert(row));
    }
    if (rows.length > 0) yield rows;
  }
  if (header === null) throw new AppError("input", `${source.file} is empty: it has not even a header`);
}

/** The text in a column; "" when the column is not there. Throws AppError("input") when the text is not allowed. */
export function textAt(row: CsvRow, index: number | null, header: CsvHeader): string {
  if (index === null) return "";
  const text = row.values[index] ?? "";
  const fault = textFault(text);
  if (fault === null) return text;
  throw csvError(header.file, row.line, `${header.columns[index]} is not an allowed text: it is ${fault}`);
}

/** As `textAt`, but an empty text is refused. */
export function keyAt(row: CsvRow, index: number, header: CsvHeader): string {
  const text = textAt(row, index, header);
  if (text === "") throw csvError(header.file, row.line, `${header.columns[index]} is empty`);
  return text;
}

const YES: ReadonlySet<string> = new Set(["true", "1", "yes", "y"]);
const NO: ReadonlySet<string> = new Set(["false", "0", "no", "n"]);

/** Yes or no in one of its usual spellings, in any case, or one of the words given; null when empty. */
export function booleanAt(
  row: CsvRow,
  index: number | null,
  header: CsvHeader,
  words: { readonly yes: readonly string[]; readonly no: readonly string[] } = { yes: [], no: [] },
): boolean | null {
  const text = textAt(row, index, header);
  if (text === "") return null;
  const word = text.toLowerCase();
  if (YES.has(word) || words.yes.includes(word)) return true;
  if (NO.has(word) || words.no.includes(word)) return false;
  const allowed = [...words.yes, ...YES, ...words.no, ...NO].join(", ");
  throw csvError(header.file, row.line, `${header.columns[index as number]} is not one of ${allowed}, or empty`);
}

/** As `booleanAt`; every spelling is looked at once. */
export function booleanReader(
  index: number | null,
  header: CsvHeader,
  words?: { readonly yes: readonly string[]; readonly no: readonly string[] },
): (row: CsvRow) => boolean | null {
  const meanings = new Map<string, boolean | null>();
  return (row) => {
    const text = index === null ? "" : row.values[index]!;
    const known = meanings.get(text);
    if (known !== undefined) return known;
    const meaning = booleanAt(row, index, header, words);
    meanings.set(text, meaning);
    return meaning;
  };
}
