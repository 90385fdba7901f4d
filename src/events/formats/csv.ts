/**
 * CSV files as rows of texts with their line numbers. UTF-8, with or without byte order mark; lines end with LF or CRLF;
 * values with delimiters, quotes or line ends stand in double quotes. Empty lines are passed over.
 *
 * A block of lines without any quote is split by hand, ten times faster than by the parser; the parser does the rest.
 */
import { CsvError, parse } from "csv-parse/sync";
import { AppError } from "../../errors.ts";

const QUOTE = '"';
/** A longer row means that a quote was never closed. */
const ROW_CHARACTERS_MAX = 1024 * 1024;

export interface CsvSource {
  /** Named in every error. */
  readonly file: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** One character. */
  readonly delimiter: string;
}

export interface CsvRow {
  /** Where the row begins, from 1. */
  readonly line: number;
  readonly values: readonly string[];
}

/**
 * Yields all rows in blocks, the header first. Rejects with AppError("input") naming file and line when quotes or bytes
 * are wrong.
 */
export async function* csvRows(source: CsvSource): AsyncGenerator<readonly CsvRow[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  let line = 1;
  for await (const bytes of source.bytes) {
    rest += decodeText(decoder, bytes, source.file, line);
    const end = lastRowEnd(rest);
    if (end === 0 && rest.length > ROW_CHARACTERS_MAX) throw brokenQuotes(source.file, line);
    if (end === 0) continue;
    const block = rest.slice(0, end);
    rest = rest.slice(end);
    const rows = blockRows(block, line, source);
    line += lineEnds(block);
    if (rows.length > 0) yield rows;
  }
  rest += decodeText(decoder, null, source.file, line);
  const rows = blockRows(rest, line, source);
  if (rows.length > 0) yield rows;
}

/** "people.csv, line 7: …" */
export function csvError(file: string, line: number, message: string, hint: string | null = null): AppError {
  return new AppError("input", `${file}, line ${line}: ${message}`, hint);
}

/** `bytes` null: the end, where no character may be half read. */
function decodeText(
  decoder: InstanceType<typeof TextDecoder>,
  bytes: Uint8Array | null,
  file: string,
  line: number,
): string {
  try {
    return bytes === null ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch {
    const hint = "Save the file as UTF-8 and load it again.";
    throw new AppError("input", `${file}: bytes at or after line ${line} are not UTF-8`, hint);
  }
}

/** Index behind the last line end that is not inside quotes; 0 when there is none. */
function lastRowEnd(text: string): number {
  if (!text.includes(QUOTE)) return text.lastIndexOf("\n") + 1;
  let end = 0;
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === QUOTE) isQuoted = !isQuoted;
    else if (character === "\n" && !isQuoted) end = index + 1;
  }
  return end;
}

function blockRows(block: string, firstLine: number, source: CsvSource): CsvRow[] {
  const rows = block.includes(QUOTE) ? parsedValues(block, firstLine, source) : splitValues(block, source.delimiter);
  const result: CsvRow[] = [];
  let line = firstLine;
  for (const values of rows) {
    if (values.length > 1 || values[0] !== "") result.push({ line, values });
    line++;
    for (const value of values) line += lineEnds(value);
  }
  return result;
}

function splitValues(block: string, delimiter: string): string[][] {
  const lines = block.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line).split(delimiter));
}

function parsedValues(block: string, firstLine: number, source: CsvSource): string[][] {
  try {
    return parse(block, {
      delimiter: source.delimiter,
      record_delimiter: ["\r\n", "\n"],
      relax_column_count: true,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const isOpen = error.code === "CSV_QUOTE_NOT_CLOSED"; // only the last row can be, and it is a block of its own
    const lineInBlock = isOpen ? undefined : / line (\d+)/.exec(error.message)?.[1];
    throw brokenQuotes(source.file, firstLine + Number(lineInBlock ?? 1) - 1);
  }
}

function brokenQuotes(file: string, line: number): AppError {
  const hint =
    'A value with quotes stands in quotes itself, and each of its own quotes is doubled: "the ""new"" role".';
  return csvError(file, line, "the quotes do not match", hint);
}

function lineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
