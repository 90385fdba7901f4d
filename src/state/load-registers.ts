/** The small tables out of the database, in pages; SQLite makes the rows as JSON, in the form the engine takes. */
import { setImmediate as nextTurn } from "node:timers/promises";
import sqlite, { type SQLQuery } from "@databases/sqlite";
import type { ApplicationRow, EntitlementRow, ItemRow, UserRow } from "../core/rows.ts";
import type { Database } from "./database.ts";

const { sql } = sqlite;

const ROWS_PER_PAGE = 4_096;

export async function loadUsers(db: Database, take: (rows: readonly UserRow[]) => void): Promise<void> {
  await eachPage(db, sql`users`, sql`id, user, registers`, take);
}

export async function loadEntitlements(db: Database, take: (rows: readonly EntitlementRow[]) => void): Promise<void> {
  await eachPage(db, sql`entitlements`, sql`id, entitlement, registers`, take);
}

export async function loadItems(db: Database, take: (rows: readonly ItemRow[]) => void): Promise<void> {
  await eachPage(db, sql`items`, sql`id, attribute, value`, take);
}

/** Applications are few: one page. */
export async function loadApplications(db: Database, take: (rows: readonly ApplicationRow[]) => void): Promise<void> {
  const rows = await db.query<{ application: string; registers: string }>(
    sql`SELECT application, registers FROM applications ORDER BY application`,
  );
  if (rows.length > 0) take(rows.map(({ application, registers }) => [application, registers]));
}

type Row = readonly [id: number, string, string];

async function eachPage(
  db: Database,
  table: SQLQuery,
  columns: SQLQuery,
  take: (rows: readonly Row[]) => void,
): Promise<void> {
  let last = -1;
  for (;;) {
    const [page] = await db.query<{ rows: string }>(
      sql`SELECT json_group_array(json_array(${columns})) AS rows
        FROM (SELECT * FROM ${table} WHERE id > ${last} ORDER BY id LIMIT ${ROWS_PER_PAGE})`,
    );
    const rows = JSON.parse(page!.rows) as Row[];
    if (rows.length > 0) take(rows);
    if (rows.length < ROWS_PER_PAGE) return;
    last = rows.at(-1)![0];
    await nextTurn();
  }
}
