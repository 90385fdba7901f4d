/** Differences of tables, in words; a row that says nothing is the same as no row. */
import { compareCodePoints } from "../../src/core/recount-itemsets.ts";
import type { AssignmentRow, EntitlementRow, IdentityRow, Tables } from "../../src/core/tables.ts";
import { grantedAt, saysOfAssignment, saysOfEntitlement, saysOfIdentity } from "./same.ts";

export function compareTables(got: Tables, expected: Tables): string[] {
  const clock =
    got.clockMinute === expected.clockMinute ? [] : [`clock ${got.clockMinute}, expected ${expected.clockMinute}`];
  return [
    ...clock,
    ...compareTexts(identityTexts(got), identityTexts(expected)),
    ...compareTexts(assignmentTexts(got), assignmentTexts(expected)),
    ...compareTexts(entitlementTexts(got), entitlementTexts(expected)),
  ];
}

function compareTexts(got: readonly string[], expected: readonly string[]): string[] {
  const missing = new Set(expected);
  const faults = got.flatMap((text) => (missing.delete(text) ? [] : [`unexpected ${text}`]));
  return [...faults, ...[...missing].map((text) => `missing ${text}`)];
}

function identityTexts({ identities }: Tables): string[] {
  return identities.filter(saysOfIdentity).map((row: IdentityRow) => {
    const { user, state, kind, items, previousItems, itemsChangedAt } = row;
    return JSON.stringify(["identity", user, state, kind, items, previousItems, itemsChangedAt]);
  });
}

function assignmentTexts({ assignments }: Tables): string[] {
  return assignments.filter(saysOfAssignment).map((row: AssignmentRow) => {
    const { user, entitlement, held, lastUsedAt, expiresAt, source } = row;
    return JSON.stringify(["assignment", user, entitlement, held, grantedAt(row), lastUsedAt, expiresAt, source]);
  });
}

function entitlementTexts({ entitlements }: Tables): string[] {
  return entitlements.filter(saysOfEntitlement).map((row: EntitlementRow) => {
    const { entitlement, catalogued, application, requestable } = row;
    const tags = [...row.tags].sort(compareCodePoints);
    return JSON.stringify(["entitlement", entitlement, catalogued, application, tags, requestable]);
  });
}
