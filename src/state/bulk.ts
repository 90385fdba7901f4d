/**
 * Rows into a table in bulk: one statement takes thousands of rows as one JSON text. While SQLite works on a text, the
 * next one is made.
 */
import type { SQLQuery } from "@databases/sqlite";
import type { Database } from "./database.ts";

/** Keeps the making of a text below some 10 ms. */
const ROWS_PER_TEXT = 8_192;
const BYTES_PER_TEXT_MAX = 8 * 1024 * 1024;

/** Runs `statement` for the JSON array of each slice of the rows, in order; the caller holds the transaction. */
export async function writeRows(
  db: Database,
  rows: readonly unknown[],
  statement: (json: string) => SQLQuery,
): Promise<void> {
  let running: Promise<unknown> = Promise.resolve();
  for (const json of jsonTexts(rows)) {
    await running;
    running = db.query(statement(json));
  }
  await running;
}

export function* jsonTexts(rows: readonly unknown[], bytesMax: number = BYTES_PER_TEXT_MAX): Generator<string> {
  for (let from = 0; from < rows.length; from += ROWS_PER_TEXT) {
    yield* halved(rows.slice(from, from + ROWS_PER_TEXT), bytesMax);
  }
}

function* halved(rows: readonly unknown[], bytesMax: number): Generator<string> {
  const json = JSON.stringify(rows);
  if (rows.length === 1 || Buffer.byteLength(json) <= bytesMax) {
    yield json;
    return;
  }
  const middle = rows.length >> 1;
  yield* halved(rows.slice(0, middle), bytesMax);
  yield* halved(rows.slice(middle), bytesMax);
}
