/** Equality of tables; a row that says nothing is the same as no row. */
import { compareCodePoints } from "../../src/core/recount-itemsets.ts";
import type { AssignmentRow, EntitlementRow, IdentityRow, Tables } from "../../src/core/tables.ts";

export function compareTables(got: Tables, expected: Tables): string[] {
  const clock =
    got.clockMinute === expected.clockMinute ? [] : [`clock ${got.clockMinute}, expected ${expected.clockMinute}`];
  return [
    ...clock,
    ...compareRows(got.identities, expected.identities, identityText),
    ...compareRows(got.assignments, expected.assignments, assignmentText),
    ...compareRows(got.entitlements, expected.entitlements, entitlementText),
  ];
}

function compareRows<Row>(
  got: readonly Row[],
  expected: readonly Row[],
  textOf: (row: Row) => string | null,
): string[] {
  const texts = (rows: readonly Row[]): string[] => rows.map(textOf).filter((text) => text !== null);
  const missing = new Set(texts(expected));
  const faults = texts(got).flatMap((text) => (missing.delete(text) ? [] : [`unexpected ${text}`]));
  return [...faults, ...[...missing].map((text) => `missing ${text}`)];
}

function identityText(row: IdentityRow): string | null {
  const { user, state, kind, items, previousItems, itemsChangedAt } = row;
  if (state === "unknown" && kind === null && items.length === 0 && itemsChangedAt === null) return null;
  return JSON.stringify(["identity", user, state, kind, items, previousItems, itemsChangedAt]);
}

function assignmentText(row: AssignmentRow): string | null {
  const { user, entitlement, held, memberAt, lastUsedAt, expiresAt, source } = row;
  const wasGranted = held || memberAt > 0;
  if (!wasGranted && lastUsedAt === null && expiresAt === null) return null;
  return JSON.stringify([
    "assignment",
    user,
    entitlement,
    held,
    wasGranted ? memberAt : null,
    lastUsedAt,
    expiresAt,
    source,
  ]);
}

function entitlementText(row: EntitlementRow): string | null {
  const { entitlement, catalogued, application, requestable } = row;
  const tags = [...row.tags].sort(compareCodePoints);
  if (!catalogued && application === null && tags.length === 0 && requestable) return null;
  return JSON.stringify(["entitlement", entitlement, catalogued, application, tags, requestable]);
}
