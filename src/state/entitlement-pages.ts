/**
 * Reading a large table by entitlement: entitlements in pages of about ROWS_PER_PAGE rows, the next page read while the
 * caller takes in the last one.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import sqlite, { type SQLQuery } from "@databases/sqlite";
import type { Database } from "./database.ts";

const { sql } = sqlite;

const ROWS_PER_PAGE = 65_536;
const ENTITLEMENTS_PER_PAGE_MAX = 16_384;
/** Keeps the taking in of a slice below some 10 ms. */
export const ROWS_PER_SLICE = 8_192;

/** Rows of one entitlement, joined by SQLite. */
export interface Group {
  readonly entitlement: number;
  readonly rows: number;
}

/** Gives slices away one after the other, and lets other work in between. */
export async function takeInTurns<Slice extends { readonly users: Uint32Array }>(
  slices: Iterable<Slice>,
  take: (slice: Slice) => void,
): Promise<void> {
  let rows = 0;
  for (const slice of slices) {
    take(slice);
    rows += slice.users.length;
    if (rows < ROWS_PER_SLICE) continue;
    rows = 0;
    await nextTurn();
  }
}

/**
 * `table` has a column `entitlement`; `read` gives its groups from one entitlement to, but not including, another.
 * Ranges of ids are widened and narrowed by what the range before them held.
 */
export async function eachPage<Row extends Group>(
  db: Database,
  table: SQLQuery,
  read: (from: number, to: number) => Promise<readonly Row[]>,
  take: (groups: readonly Row[]) => Promise<void>,
): Promise<void> {
  const last = await lastEntitlement(db, table);
  let from = 0;
  let span = 1;
  const next = (): Promise<readonly Row[]> | null => (from > last ? null : read(from, from + span));
  for (let reading = next(); reading !== null; ) {
    const groups = await reading;
    from += span;
    span = nextSpan(span, groups);
    reading = next();
    await take(groups);
  }
}

function nextSpan(span: number, groups: readonly Group[]): number {
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  const fitting = Math.floor((span * ROWS_PER_PAGE) / Math.max(rows, 1));
  return Math.max(1, Math.min(fitting, span * 4, ENTITLEMENTS_PER_PAGE_MAX));
}

/** Of a column that SQLite joined by commas. */
export function numbers(joined: string): number[] {
  return JSON.parse(`[${joined}]`) as number[];
}

async function lastEntitlement(db: Database, table: SQLQuery): Promise<number> {
  const [row] = await db.query<{ last: number | null }>(sql`SELECT max(entitlement) AS last FROM ${table}`);
  return row!.last ?? -1;
}
