/** Assignments as rows and as columns. */
import type { AssignmentChunk, AssignmentRow } from "../../src/core/rows.ts";

export function assignmentChunk(rows: readonly AssignmentRow[]): AssignmentChunk {
  return {
    entitlements: Uint32Array.from(rows, ([entitlement]) => entitlement),
    users: Uint32Array.from(rows, ([, user]) => user),
    flags: Uint8Array.from(rows, ([, , flags]) => flags),
    memberAt: Float64Array.from(rows, ([, , , memberAt]) => memberAt),
    lastUsedAt: Float64Array.from(rows, ([, , , , lastUsedAt]) => lastUsedAt),
    extras: new Map(rows.flatMap(([, , , , , extra], i) => (extra === null ? [] : [[i, extra] as const]))),
  };
}

export function rowsOf(chunk: AssignmentChunk): AssignmentRow[] {
  const { entitlements, users, flags, memberAt, lastUsedAt, extras } = chunk;
  return Array.from(users, (user, i) => [
    entitlements[i]!,
    user,
    flags[i]!,
    memberAt[i]!,
    lastUsedAt[i]!,
    extras.get(i) ?? null,
  ]);
}
