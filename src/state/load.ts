/**
 * The large tables out of the database: columns joined per entitlement, entitlements in pages of about ROWS_PER_PAGE
 * rows, the next page read while the caller takes in the last one. No slice handed over has more than ROWS_PER_SLICE rows.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import sqlite, { type SQLQuery } from "@databases/sqlite";
import type { AssignmentChunk, PublishedRow } from "../core/rows.ts";
import { loadAssignmentChunks, ROWS_PER_SLICE, slicesOf } from "./assignment-chunks.ts";
import type { Database } from "./database.ts";

const { sql } = sqlite;

const ROWS_PER_PAGE = 65_536;
const ENTITLEMENTS_PER_PAGE_MAX = 16_384;

interface Group {
  readonly entitlement: number;
  readonly rows: number;
}

interface AssignmentGroup extends Group {
  readonly users: string;
  readonly flags: string;
  readonly memberAt: string;
  readonly lastUsedAt: string;
  /** JSON of [user, extra]; `extra` is nearly always null, so it stays out of the joined columns. */
  readonly extras: string;
}

/** Chunks first: a row with the same key is later than all of them. */
export async function loadAssignments(db: Database, take: (chunk: AssignmentChunk) => void): Promise<void> {
  await loadAssignmentChunks(db, take);
  const last = await lastEntitlement(db, sql`assignments`);
  const read = (from: number, to: number) => db.query<AssignmentGroup>(assignmentGroups(from, to));
  await eachPage(last, read, async (groups) => {
    for (const group of groups) {
      for (const slice of slicesOf(chunkOf(group), ROWS_PER_SLICE)) {
        take(slice);
        await nextTurn();
      }
    }
  });
}

function chunkOf(group: AssignmentGroup): AssignmentChunk {
  const users = Uint32Array.from(numbers(group.users));
  const extras = new Map(JSON.parse(group.extras) as [number, string][]);
  return {
    entitlements: new Uint32Array(users.length).fill(group.entitlement),
    users,
    flags: Uint8Array.from(numbers(group.flags)),
    memberAt: Float64Array.from(numbers(group.memberAt)),
    lastUsedAt: Float64Array.from(numbers(group.lastUsedAt)),
    extras: new Map([...extras].map(([user, extra]) => [users.indexOf(user), extra])),
  };
}

function assignmentGroups(from: number, to: number): SQLQuery {
  return sql`SELECT entitlement, count(*) AS rows, group_concat(user) AS users, group_concat(flags) AS flags,
      group_concat(member_at) AS memberAt, group_concat(last_used_at) AS lastUsedAt, 
      json_group_array(json_array(user, extra)) FILTER (WHERE extra IS NOT NULL) AS extras
    FROM assignments WHERE entitlement >= ${from} AND entitlement < ${to} GROUP BY entitlement`;
}

interface PublishedGroup extends Group {
  readonly users: string;
  readonly rules: string;
  readonly freqUnions: string;
  readonly freqs: string;
  /** flags << 12 | reason << 8 | band << 4 | kind, within the bounds that the schema checks. */
  readonly codes: string;
}

export async function loadPublished(db: Database, take: (rows: readonly PublishedRow[]) => void): Promise<void> {
  const last = await lastEntitlement(db, sql`published`);
  const read = (from: number, to: number) => db.query<PublishedGroup>(publishedGroups(from, to));
  let slice: PublishedRow[] = [];
  await eachPage(last, read, async (groups) => {
    for (const group of groups) {
      for (const row of publishedRows(group)) {
        if (slice.push(row) < ROWS_PER_SLICE) continue;
        take(slice);
        slice = [];
        await nextTurn();
      }
    }
  });
  if (slice.length > 0) take(slice);
}

function* publishedRows({ entitlement, ...columns }: PublishedGroup): Generator<PublishedRow> {
  const users = numbers(columns.users);
  const rules = columns.rules.split(",");
  const freqUnions = numbers(columns.freqUnions);
  const freqs = numbers(columns.freqs);
  const codes = numbers(columns.codes);
  for (const [index, user] of users.entries()) {
    const code = codes[index]!;
    const [kind, band, reason, flags] = [code & 15, (code >> 4) & 15, (code >> 8) & 15, code >> 12];
    yield [entitlement, user, kind, rules[index]!, freqUnions[index]!, freqs[index]!, band, reason, flags];
  }
}

function publishedGroups(from: number, to: number): SQLQuery {
  return sql`SELECT entitlement, count(*) AS rows, group_concat(user) AS users, group_concat(rule) AS rules,
      group_concat(freq_union) AS freqUnions, group_concat(freq) AS freqs,
      group_concat((flags << 12) | (reason << 8) | (band << 4) | kind) AS codes
    FROM published WHERE entitlement >= ${from} AND entitlement < ${to} GROUP BY entitlement`;
}

async function lastEntitlement(db: Database, table: SQLQuery): Promise<number> {
  const [row] = await db.query<{ last: number | null }>(sql`SELECT max(entitlement) AS last FROM ${table}`);
  return row!.last ?? -1;
}

/** Ranges of entitlement ids, widened and narrowed by what the range before them held. */
async function eachPage<Row extends Group>(
  last: number,
  read: (from: number, to: number) => Promise<readonly Row[]>,
  take: (groups: readonly Row[]) => Promise<void>,
): Promise<void> {
  let from = 0;
  let span = 1;
  let reading = read(from, from + span);
  while (from <= last) {
    const groups = await reading;
    from += span;
    span = nextSpan(span, groups);
    reading = read(from, from + span);
    await take(groups);
  }
  await reading;
}

function nextSpan(span: number, groups: readonly Group[]): number {
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  const fitting = Math.floor((span * ROWS_PER_PAGE) / Math.max(rows, 1));
  return Math.max(1, Math.min(fitting, span * 4, ENTITLEMENTS_PER_PAGE_MAX));
}

function numbers(joined: string): number[] {
  return JSON.parse(`[${joined}]`) as number[];
}
