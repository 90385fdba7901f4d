/** The assignments out of the database: chunks, and rows joined to columns per entitlement. */
import sqlite, { type SQLQuery } from "@databases/sqlite";
import type { AssignmentChunk } from "../core/rows.ts";
import { loadAssignmentChunks, slicesOf } from "./assignment-chunks.ts";
import type { Database } from "./database.ts";
import { eachPage, type Group, numbers, ROWS_PER_SLICE, takeInTurns } from "./entitlement-pages.ts";

const { sql } = sqlite;

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
  const read = (from: number, to: number) => db.query<AssignmentGroup>(assignmentGroups(from, to));
  await eachPage(db, sql`assignments`, read, (groups) => takeInTurns(slicesOfGroups(groups), take));
}

function* slicesOfGroups(groups: readonly AssignmentGroup[]): Generator<AssignmentChunk> {
  for (const group of groups) yield* slicesOf(chunkOf(group), ROWS_PER_SLICE);
}

function chunkOf(group: AssignmentGroup): AssignmentChunk {
  const users = new Uint32Array(numbers(group.users));
  const extras = JSON.parse(group.extras) as [number, string][];
  return {
    entitlements: new Uint32Array(users.length).fill(group.entitlement),
    users,
    flags: new Uint8Array(numbers(group.flags)),
    memberAt: new Float64Array(numbers(group.memberAt)),
    lastUsedAt: new Float64Array(numbers(group.lastUsedAt)),
    extras: new Map(extras.map(([user, extra]) => [users.indexOf(user), extra])),
  };
}

function assignmentGroups(from: number, to: number): SQLQuery {
  return sql`SELECT entitlement, count(*) AS rows, group_concat(user) AS users, group_concat(flags) AS flags,
      group_concat(member_at) AS memberAt, group_concat(last_used_at) AS lastUsedAt, 
      json_group_array(json_array(user, extra)) FILTER (WHERE extra IS NOT NULL) AS extras
    FROM assignments WHERE entitlement >= ${from} AND entitlement < ${to} GROUP BY entitlement`;
}
