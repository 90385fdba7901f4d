/** The published view out of the database: columns joined per entitlement. */
import sqlite, { type SQLQuery } from "@databases/sqlite";
import type { PublishedChunk } from "../core/rows.ts";
import type { Database } from "./database.ts";
import { eachPage, type Group, numbers, ROWS_PER_SLICE, takeInTurns } from "./entitlement-pages.ts";

const { sql } = sqlite;

interface PublishedGroup extends Group {
  readonly users: string;
  readonly rules: string;
  readonly freqUnions: string;
  readonly freqs: string;
  /** flags << 12 | reason << 8 | band << 4 | kind, within the bounds that the schema checks. */
  readonly codes: string;
}

export async function loadPublished(db: Database, take: (chunk: PublishedChunk) => void): Promise<void> {
  const read = (from: number, to: number) => db.query<PublishedGroup>(publishedGroups(from, to));
  await eachPage(db, sql`published`, read, (groups) => takeInTurns(slicesOfGroups(groups), take));
}

function* slicesOfGroups(groups: readonly PublishedGroup[]): Generator<PublishedChunk> {
  for (const group of groups) {
    const chunk = chunkOf(group);
    for (let from = 0; from < group.rows; from += ROWS_PER_SLICE) yield sliceOf(chunk, from, from + ROWS_PER_SLICE);
  }
}

function chunkOf({ entitlement, rows, ...columns }: PublishedGroup): PublishedChunk {
  const rules = new Map<string, number>();
  const chunk = {
    entitlements: new Uint32Array(rows).fill(entitlement),
    users: new Uint32Array(numbers(columns.users)),
    kinds: new Uint8Array(rows),
    ruleAt: new Uint32Array(rows),
    freqUnions: new Uint32Array(numbers(columns.freqUnions)),
    freqs: new Uint32Array(numbers(columns.freqs)),
    bands: new Uint8Array(rows),
    reasons: new Uint8Array(rows),
    flags: new Uint16Array(rows),
  };
  for (const [i, code] of numbers(columns.codes).entries()) {
    chunk.kinds[i] = code & 15;
    chunk.bands[i] = (code >> 4) & 15;
    chunk.reasons[i] = (code >> 8) & 15;
    chunk.flags[i] = code >> 12;
  }
  for (const [i, rule] of columns.rules.split(",").entries()) {
    const known = rules.get(rule);
    chunk.ruleAt[i] = known ?? rules.size;
    if (known === undefined) rules.set(rule, rules.size);
  }
  return { ...chunk, rules: [...rules.keys()] };
}

function sliceOf(chunk: PublishedChunk, from: number, to: number): PublishedChunk {
  return {
    entitlements: chunk.entitlements.subarray(from, to),
    users: chunk.users.subarray(from, to),
    kinds: chunk.kinds.subarray(from, to),
    ruleAt: chunk.ruleAt.subarray(from, to),
    rules: chunk.rules,
    freqUnions: chunk.freqUnions.subarray(from, to),
    freqs: chunk.freqs.subarray(from, to),
    bands: chunk.bands.subarray(from, to),
    reasons: chunk.reasons.subarray(from, to),
    flags: chunk.flags.subarray(from, to),
  };
}

function publishedGroups(from: number, to: number): SQLQuery {
  return sql`SELECT entitlement, count(*) AS rows, group_concat(user) AS users, group_concat(rule) AS rules,
      group_concat(freq_union) AS freqUnions, group_concat(freq) AS freqs,
      group_concat((flags << 12) | (reason << 8) | (band << 4) | kind) AS codes
    FROM published WHERE entitlement >= ${from} AND entitlement < ${to} GROUP BY entitlement`;
}
