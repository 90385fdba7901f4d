/** Rows → files. A file is complete or absent: it gets its name when all of it is written. */
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../errors.ts";
import type { Row, RowFile } from "./view-rows.ts";

export type FileFormat = "ndjson" | "csv";

const CHUNK_CHARS = 256 * 1024;

/** Answers with the rows written, by file name. */
export function writeFiles(folder: string, files: readonly RowFile[], format: FileFormat): Record<string, number> {
  try {
    mkdirSync(folder, { recursive: true });
    return Object.fromEntries(files.map((file) => writeFile(folder, file, format)));
  } catch (cause) {
    const problem = `cannot write to ${folder}: ${(cause as Error).message}`;
    throw new AppError("input", problem, "name another folder with --out, or make room in this one", cause);
  }
}

function writeFile(folder: string, file: RowFile, format: FileFormat): [name: string, rows: number] {
  const name = `${file.name}.${format}`;
  const unfinished = join(folder, `${name}.tmp`);
  const handle = openSync(unfinished, "w");
  let rows = 0;
  try {
    let chunk = format === "csv" ? csvLine(file.columns) : "";
    for (const row of file.rows()) {
      chunk += format === "csv" ? csvLine(file.columns.map((column) => row[column])) : `${JSON.stringify(row)}\n`;
      rows += 1;
      if (chunk.length < CHUNK_CHARS) continue;
      writeAll(handle, chunk);
      chunk = "";
    }
    writeAll(handle, chunk);
  } catch (error) {
    closeSync(handle);
    rmSync(unfinished, { force: true });
    throw error;
  }
  closeSync(handle);
  renameSync(unfinished, join(folder, name));
  return [name, rows];
}

function writeAll(handle: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
}

/** RFC 4180; a list is its JSON, null is an empty field. */
function csvLine(values: readonly Row[string][]): string {
  return `${values.map(csvField).join(",")}\n`;
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
