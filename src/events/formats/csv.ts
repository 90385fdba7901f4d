/**
 * CSV files, block by block. UTF-8, with or without byte order mark; lines end with LF or CRLF; values with delimiters,
 * quotes or line ends stand in double quotes. Empty lines are passed over.
 *
 * Blocks of lines without any quote are gone through as they stand; the others are taken apart by a parser first.
 */
import { isAscii, isUtf8 } from "node:buffer";
import { CsvError, parse } from "csv-parse/sync";
import { AppError } from "../../errors.ts";
import { CsvRows, LINE_END, parsedRows } from "./csv-rows.ts";

const QUOTE = 0x22;
const ASCII_END = 0x80;
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

/**
 * Yields all rows in blocks, the header first; each block must be gone through before the next is asked for. Rejects with
 * AppError("input") naming file and line when quotes or bytes are wrong.
 */
export async function* csvBlocks(source: CsvSource): AsyncGenerator<CsvRows> {
  let rest: Buffer = Buffer.alloc(0);
  let isBegun = false;
  let line = 1;
  for await (const bytes of source.bytes) {
    rest = rest.length === 0 ? asBuffer(bytes) : Buffer.concat([rest, bytes]);
    const end = lastRowEnd(rest);
    if (end === 0 && rest.length > ROW_BYTES_MAX) throw brokenQuotes(source.file, line);
    if (end === 0) continue;
    const rows = openBlock(isBegun ? rest.subarray(0, end) : withoutMark(rest.subarray(0, end)), line, source);
    yield rows;
    isBegun = true;
    rest = rest.subarray(end);
    line = rows.nextLine;
  }
  yield openBlock(isBegun ? rest : withoutMark(rest), line, source);
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

/** Rows that are whole: none begins or ends outside of `bytes`. */
function openBlock(bytes: Buffer, line: number, source: CsvSource): CsvRows {
  if (!isUtf8(bytes)) {
    const hint = "Save the file as UTF-8 and load it again.";
    throw new AppError("input", `${source.file}: bytes at or after line ${line} are not UTF-8`, hint);
  }
  const delimiter = source.delimiter.charCodeAt(0);
  const isPlain = delimiter < ASCII_END && !bytes.includes(QUOTE);
  return isPlain
    ? new CsvRows(bytes, isAscii(bytes), delimiter, LINE_END, line)
    : parsedRows(parsedValues(bytes.toString(), line, source), bytes.length, line);
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
