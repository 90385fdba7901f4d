/**
 * CSV files as rows of texts with their line numbers. UTF-8, with or without byte order mark; lines end with LF or CRLF;
 * values with delimiters, quotes or line ends stand in double quotes. Empty lines are passed over.
 *
 * A block of lines without any quote is split by hand, ten times faster than by the parser; the parser does the rest.
 */
import { isAscii, isUtf8 } from "node:buffer";
import { CsvError, parse } from "csv-parse/sync";
import { AppError } from "../../errors.ts";

const QUOTE = 0x22;
const LINE_END = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from("\ufeff");
/** A longer row means that a quote was never closed. */
const ROW_BYTES_MAX = 1024 * 1024;

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
  let rest: Buffer = Buffer.alloc(0);
  let isBegun = false;
  let line = 1;
  for await (const bytes of source.bytes) {
    rest = rest.length === 0 ? asBuffer(bytes) : Buffer.concat([rest, bytes]);
    const end = lastRowEnd(rest);
    if (end === 0 && rest.length > ROW_BYTES_MAX) throw brokenQuotes(source.file, line);
    if (end === 0) continue;
    const block = readBlock(isBegun ? rest.subarray(0, end) : withoutMark(rest.subarray(0, end)), line, source);
    isBegun = true;
    rest = rest.subarray(end);
    line = block.nextLine;
    if (block.rows.length > 0) yield block.rows;
  }
  const { rows } = readBlock(isBegun ? rest : withoutMark(rest), line, source);
  if (rows.length > 0) yield rows;
}

/** "people.csv, line 7: …" */
export function csvError(file: string, line: number, message: string, hint: string | null = null): AppError {
  return new AppError("input", `${file}, line ${line}: ${message}`, hint);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
    ? bytes.subarray(BYTE_ORDER_MARK.length)
    : bytes;
}

/** Index behind the last line end that is not inside quotes; 0 when there is none. */
function lastRowEnd(bytes: Buffer): number {
  if (!bytes.includes(QUOTE)) return bytes.lastIndexOf(LINE_END) + 1;
  let end = 0;
  let isQuoted = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (byte === LINE_END && !isQuoted) end = index + 1;
  }
  return end;
}

interface Block {
  readonly rows: CsvRow[];
  /** The line behind the block. */
  readonly nextLine: number;
}

/** Rows that are whole: none begins or ends outside of `bytes`. */
function readBlock(bytes: Buffer, line: number, source: CsvSource): Block {
  const text = decodeText(bytes, source.file, line);
  return bytes.includes(QUOTE) ? parseBlock(text, line, source) : splitBlock(text, line, source.delimiter);
}

/** Every byte of a text of ASCII is one character, so nothing has to be decoded. */
function decodeText(bytes: Buffer, file: string, line: number): string {
  if (isAscii(bytes)) return bytes.toString("latin1");
  if (isUtf8(bytes)) return bytes.toString("utf8");
  const hint = "Save the file as UTF-8 and load it again.";
  throw new AppError("input", `${file}: bytes at or after line ${line} are not UTF-8`, hint);
}

function splitBlock(text: string, firstLine: number, delimiter: string): Block {
  const rows: CsvRow[] = [];
  let line = firstLine;
  let from = 0;
  let delimiterAt = -1;
  while (from < text.length) {
    const lineEnd = text.indexOf("\n", from);
    const next = lineEnd < 0 ? text.length : lineEnd + 1;
    let end = lineEnd < 0 ? text.length : lineEnd;
    if (end > from && text.charCodeAt(end - 1) === CARRIAGE_RETURN) end--;
    if (end > from) {
      const values: string[] = [];
      if (delimiterAt < from) delimiterAt = indexOrEnd(text, delimiter, from);
      for (; delimiterAt < end; delimiterAt = indexOrEnd(text, delimiter, from)) {
        values.push(text.slice(from, delimiterAt));
        from = delimiterAt + 1;
      }
      values.push(text.slice(from, end));
      rows.push({ line, values });
    }
    from = next;
    line++;
  }
  return { rows, nextLine: line };
}

function indexOrEnd(text: string, part: string, from: number): number {
  const index = text.indexOf(part, from);
  return index < 0 ? text.length : index;
}

function parseBlock(text: string, firstLine: number, source: CsvSource): Block {
  const rows: CsvRow[] = [];
  let line = firstLine;
  for (const values of parsedValues(text, firstLine, source)) {
    if (values.length > 1 || values[0] !== "") rows.push({ line, values });
    line++;
    for (const value of values) line += lineEnds(value);
  }
  return { rows, nextLine: firstLine + lineEnds(text) };
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
