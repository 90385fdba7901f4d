/**
 * A load as the fewest events that make the tables say what the file says. Loading the same file again gives none.
 * In mode `replace`, `end` gives the removal of everything that the file did not mention; `merge` removes nothing.
 */
import type { AssignmentEvent, AssignmentGrants, CatalogEvent, IdentityEvent, SnapshotEvent } from "./event.ts";
import type { AssignmentCsvBlock, AssignmentCsvRow } from "./formats/csv-assignments.ts";
import type { CatalogFields, EntitlementCsvRow } from "./formats/csv-entitlements.ts";
import type { IdentityCsvRow, IdentityField } from "./formats/csv-identities.ts";

export type LoadMode = SnapshotEvent["mode"];

export interface CurrentIdentity {
  readonly active: boolean;
  /** Values by attribute, in any order; one without value may be missing. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  readonly fields: Readonly<Partial<Record<IdentityField, string | null>>>;
}

export interface CurrentAssignment {
  readonly held: boolean;
  readonly highRisk: boolean;
  /** ms since 1970; null: never. */
  readonly lastUsedAt: number | null;
}

/** The tables as they stand before the load. null: never heard of, or for the catalog: not in it. */
export interface CurrentTables {
  identity(user: string): CurrentIdentity | null;
  assignment(user: string, entitlement: string): CurrentAssignment | null;
  catalogEntry(entitlement: string): CatalogFields | null;
  activeUsers(): Iterable<string>;
  heldPairs(): Iterable<readonly [user: string, entitlement: string]>;
  cataloguedEntitlements(): Iterable<string>;
}

export class IdentityDiff {
  readonly #current: CurrentTables;
  readonly #mentioned: Set<string> | null;

  constructor(current: CurrentTables, mode: LoadMode) {
    this.#current = current;
    this.#mentioned = mode === "replace" ? new Set() : null;
  }

  row(row: IdentityCsvRow): readonly IdentityEvent[] {
    this.#mentioned?.add(row.user);
    const known = this.#current.identity(row.user);
    if (known?.active !== true) {
      const attributes = row.attributes.filter(([, values]) => values.length > 0);
      return [{ type: "identity.upserted", user: row.user, attributes, ...row.fields }];
    }
    const attributes = row.attributes.filter(([name, values]) => !sameValues(values, known.attributes.get(name) ?? []));
    const fields = changedFields(row.fields, known.fields);
    if (attributes.length === 0 && Object.keys(fields).length === 0) return [];
    return [{ type: "identity.changed", user: row.user, attributes, ...fields }];
  }

  *end(): Generator<IdentityEvent> {
    if (this.#mentioned === null) return;
    for (const user of this.#current.activeUsers()) {
      if (!this.#mentioned.has(user)) yield { type: "identity.removed", user };
    }
  }
}

export class EntitlementDiff {
  readonly #current: CurrentTables;
  readonly #mentioned: Set<string> | null;

  constructor(current: CurrentTables, mode: LoadMode) {
    this.#current = current;
    this.#mentioned = mode === "replace" ? new Set() : null;
  }

  row(row: EntitlementCsvRow): readonly CatalogEvent[] {
    const { entitlement, fields } = row;
    this.#mentioned?.add(entitlement);
    const known = this.#current.catalogEntry(entitlement);
    if (known !== null && Object.keys(changedFields(fields, known)).length === 0) return [];
    return [{ type: "entitlement.upserted", entitlement, ...withoutNulls({ ...known, ...fields }) }];
  }

  *end(): Generator<CatalogEvent> {
    if (this.#mentioned === null) return;
    for (const entitlement of this.#current.cataloguedEntitlements()) {
      if (!this.#mentioned.has(entitlement)) yield { type: "entitlement.removed", entitlement };
    }
  }
}

export class AssignmentDiff {
  readonly #current: CurrentTables;
  /** Users by entitlement. */
  readonly #mentioned: Map<string, Set<string>> | null;

  constructor(current: CurrentTables, mode: LoadMode) {
    this.#current = current;
    this.#mentioned = mode === "replace" ? new Map() : null;
  }

  row(row: AssignmentCsvRow): readonly AssignmentEvent[] {
    const { user, entitlement, highRisk, lastUsedAt } = row;
    this.#mention(user, entitlement);
    const known = this.#current.assignment(user, entitlement);
    const isHeld = known?.held === true;
    if (!row.assigned) return isHeld ? [{ type: "assignment.revoked", user, entitlement }] : [];
    const isUsedLater = lastUsedAt !== null && lastUsedAt > (known?.lastUsedAt ?? -1);
    const isOtherRisk = highRisk !== null && highRisk !== (isHeld && known.highRisk);
    if (!isHeld || isOtherRisk) {
      if (isOtherRisk && isUsedLater) return [{ type: "assignment.granted", user, entitlement, highRisk, lastUsedAt }];
      if (isOtherRisk) return [{ type: "assignment.granted", user, entitlement, highRisk }];
      if (isUsedLater) return [{ type: "assignment.granted", user, entitlement, lastUsedAt }];
      return [{ type: "assignment.granted", user, entitlement }];
    }
    return isUsedLater ? [{ type: "assignment.used", user, entitlement, at: lastUsedAt }] : [];
  }

  *end(): Generator<AssignmentEvent> {
    if (this.#mentioned === null) return;
    for (const [user, entitlement] of this.#current.heldPairs()) {
      if (this.#mentioned.get(entitlement)?.has(user) !== true) yield { type: "assignment.revoked", user, entitlement };
    }
  }

  #mention(user: string, entitlement: string): void {
    if (this.#mentioned === null) return;
    const users = this.#mentioned.get(entitlement);
    if (users === undefined) this.#mentioned.set(entitlement, new Set([user]));
    else users.add(user);
  }
}

/** What `AssignmentDiff` makes of a block while no assignment is known; null where a row does not grant. */
export function grantsOf(block: AssignmentCsvBlock): AssignmentGrants | null {
  if (block.assigned.includes(0)) return null;
  return { ...block, highRisk: block.highRisk.map((said) => (said === 2 ? said : 0)) };
}

type FieldValue = string | boolean | readonly string[] | null | undefined;

/** Those of `wanted` that differ from what is known; unknown, null and no value are the same. */
function changedFields<Fields extends object>(wanted: Fields, known: Fields): Partial<Fields> {
  const before = known as Readonly<Record<string, FieldValue>>;
  const changed = Object.entries(wanted).filter(([name, value]) => !sameField(value as FieldValue, before[name]));
  return Object.fromEntries(changed) as Partial<Fields>;
}

function sameField(one: FieldValue, other: FieldValue): boolean {
  const isList = Array.isArray(one) || Array.isArray(other);
  if (isList) return sameValues((one ?? []) as readonly string[], (other ?? []) as readonly string[]);
  return (one ?? null) === (other ?? null);
}

/** Values are distinct; their order says nothing. */
function sameValues(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value) => other.includes(value));
}

function withoutNulls(fields: CatalogFields): CatalogFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
