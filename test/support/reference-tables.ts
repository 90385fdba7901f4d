/**
 * The tables by the obvious route: one last-writer register a field, kept in maps. Property tests hold the engine's
 * tables and outcomes against it.
 */
import { compareCodePoints, compareItems } from "../../src/core/recount-itemsets.ts";
import { AHEAD_OF_RECORD_MAX_MS, IDENTITY_ITEMS_MAX, type Settings } from "../../src/core/settings.ts";
import type { AssignmentRow, EntitlementRow, IdentityRow, Tables } from "../../src/core/tables.ts";
import type { Item } from "../../src/events/delta.ts";
import type {
  ApplicationUpserted,
  AssignmentEvent,
  EntitlementRemoved,
  EntitlementUpserted,
  IdentityEvent,
  IdentityFields,
  InputEvent,
  Outcome,
} from "../../src/events/event.ts";

const NEVER = Number.NEGATIVE_INFINITY;

interface Register<T> {
  value: T;
  stamp: number;
}

interface Identity {
  existence: Register<IdentityRow["state"]>;
  /** Only its stamp matters: when a full image last emptied all attributes that it did not name. */
  image: Register<null>;
  attributes: Map<string, Register<readonly string[]>>;
  fields: Record<keyof IdentityFields, Register<string | number | null>>;
  previousItems: readonly Item[];
  itemsChangedAt: number | null;
}

interface Membership {
  readonly held: boolean;
  readonly highRisk: boolean | null;
  readonly grantedBy: string | null;
  readonly source: string | null;
  readonly decisionId: string | null;
}

interface Assignment {
  readonly user: string;
  readonly entitlement: string;
  readonly membership: Register<Membership>;
  readonly lastUsedAt: { value: number | null };
  readonly expiresAt: Register<number | null>;
}

interface Entitlement {
  readonly existence: Register<boolean>;
  readonly fields: Record<(typeof ENTITLEMENT_FIELDS)[number], Register<unknown>>;
}

const IDENTITY_FIELDS = ["kind", "name", "email", "manager", "company", "endsAt", "lastLoginAt"] as const;
const ENTITLEMENT_FIELDS = ["name", "application", "applicationId", "owner", "risk", "tags", "requestable"] as const;
const APPLICATION_FIELDS = ["name", "owner", "legacy", "tags"] as const;
type Application = Record<(typeof APPLICATION_FIELDS)[number], Register<unknown>>;

const NOT_HELD: Membership = { held: false, highRisk: null, grantedBy: null, source: null, decisionId: null };

/** What one event does to each register that it names. */
class Writer {
  readonly stampMs: number;
  readonly #at: number | undefined;
  readonly #effects = new Set<"late" | "same" | "changed">();

  constructor(event: InputEvent, recordAtMs: number) {
    this.#at = event.at;
    this.stampMs = event.at ?? recordAtMs;
  }

  write<T>(register: Register<T>, value: T): void {
    const stamp = this.#at ?? Math.max(this.stampMs, register.stamp);
    if (stamp < register.stamp) {
      this.#effects.add("late");
      return;
    }
    register.stamp = stamp;
    this.#effects.add(JSON.stringify(register.value) === JSON.stringify(value) ? "same" : "changed");
    register.value = value;
  }

  raise(register: { value: number | null }, value: number): void {
    if (register.value === null || value > register.value) {
      this.#effects.add("changed");
      register.value = value;
    } else {
      this.#effects.add(value === register.value || this.#at === undefined ? "same" : "late");
    }
  }

  outcome(): Outcome {
    if (this.#effects.has("changed")) return "applied";
    return this.#effects.has("late") && !this.#effects.has("same") ? "late" : "unchanged";
  }
}

export class ReferenceTables {
  readonly #features: readonly string[] | null;
  #clockMinute = 0;
  readonly #identities = new Map<string, Identity>();
  /** A change makes a new identity, so its row stays right. */
  readonly #identityRows = new WeakMap<Identity, IdentityRow>();
  readonly #assignments = new Map<string, Assignment>();
  readonly #entitlements = new Map<string, Entitlement>();
  readonly #applications = new Map<string, Application>();

  constructor(settings: Settings) {
    this.#features = settings.features;
  }

  advanceTo(clockMinute: number): void {
    this.#clockMinute = Math.max(this.#clockMinute, clockMinute);
  }

  apply(event: InputEvent, recordAtMs: number): Outcome {
    if (event.type === "clock.ticked") {
      const before = this.#clockMinute;
      this.advanceTo(Math.floor(event.at / 60_000));
      return this.#clockMinute > before ? "applied" : "unchanged";
    }
    if ((event.at ?? 0) > recordAtMs + AHEAD_OF_RECORD_MAX_MS) {
      return { field: "at", expectation: "at most 10 minutes ahead of its record" };
    }
    const writer = new Writer(event, recordAtMs);
    switch (event.type) {
      case "identity.upserted":
      case "identity.changed":
      case "identity.removed":
        return this.#applyIdentity(event, writer);
      case "assignment.granted":
      case "assignment.revoked":
      case "assignment.used":
        return this.#applyAssignment(event, writer);
      case "entitlement.upserted":
      case "entitlement.removed":
        return this.#applyEntitlement(event, writer);
      case "application.upserted":
        return this.#applyApplication(event, writer);
      default:
        return "unchanged";
    }
  }

  #applyIdentity(event: IdentityEvent, writer: Writer): Outcome {
    const old = this.#identities.get(event.user);
    const identity = old === undefined ? newIdentity() : structuredClone(old);
    if (event.type === "identity.removed") {
      writer.write(identity.existence, "removed");
    } else {
      const itemsBefore = this.#items(identity);
      const isFirst = identity.attributes.size === 0;
      if (event.type === "identity.upserted") writeImage(identity, event, writer);
      else writeFields(identity, event, writer);
      for (const [name, values] of event.attributes) writer.write(attributeOf(identity, name), [...values].sort());
      const items = this.#items(identity);
      if (items.length > IDENTITY_ITEMS_MAX) {
        return { field: "attributes", expectation: `at most ${IDENTITY_ITEMS_MAX} items` };
      }
      if (!isFirst && JSON.stringify(items) !== JSON.stringify(itemsBefore)) {
        identity.previousItems = itemsBefore;
        identity.itemsChangedAt = Math.max(identity.itemsChangedAt ?? NEVER, writer.stampMs);
      }
    }
    this.#identities.set(event.user, identity);
    return writer.outcome();
  }

  #items(identity: Identity): Item[] {
    const items: Item[] = [];
    for (const [attribute, { value: values }] of identity.attributes) {
      if (this.#features !== null && !this.#features.includes(attribute)) continue;
      for (const value of values) items.push({ attribute, value });
    }
    return items.sort(compareItems);
  }

  #applyAssignment(event: AssignmentEvent, writer: Writer): Outcome {
    const { user, entitlement } = event;
    const assignment = getOrCreate(this.#assignments, JSON.stringify([user, entitlement]), () => ({
      user,
      entitlement,
      membership: { value: NOT_HELD, stamp: NEVER },
      lastUsedAt: { value: null },
      expiresAt: { value: null, stamp: NEVER },
    }));
    switch (event.type) {
      case "assignment.granted":
        writer.write(assignment.membership, {
          held: true,
          highRisk: event.highRisk ?? null,
          grantedBy: event.grantedBy ?? null,
          source: event.source ?? null,
          decisionId: event.decisionId ?? null,
        });
        if (event.expiresAt !== undefined) writer.write(assignment.expiresAt, event.expiresAt);
        if (event.lastUsedAt !== undefined && event.lastUsedAt !== null) {
          writer.raise(assignment.lastUsedAt, event.lastUsedAt);
        }
        break;
      case "assignment.revoked":
        writer.write(assignment.membership, NOT_HELD);
        writer.write(assignment.expiresAt, null);
        break;
      case "assignment.used":
        writer.raise(assignment.lastUsedAt, writer.stampMs);
        break;
    }
    return writer.outcome();
  }

  #applyEntitlement(event: EntitlementUpserted | EntitlementRemoved, writer: Writer): Outcome {
    const entitlement = getOrCreate(this.#entitlements, event.entitlement, newEntitlement);
    if (event.type === "entitlement.removed") {
      writer.write(entitlement.existence, false);
      return writer.outcome();
    }
    writer.write(entitlement.existence, true);
    for (const field of ENTITLEMENT_FIELDS) {
      writer.write(entitlement.fields[field], event[field] ?? CATALOG_DEFAULTS[field]);
    }
    return writer.outcome();
  }

  #applyApplication(event: ApplicationUpserted, writer: Writer): Outcome {
    const application = getOrCreate(this.#applications, event.application, newApplication);
    for (const field of APPLICATION_FIELDS) writer.write(application[field], event[field] ?? CATALOG_DEFAULTS[field]);
    return writer.outcome();
  }

  tables(): Tables {
    return {
      clockMinute: this.#clockMinute,
      identities: [...this.#identities].map(([user, identity]) => this.#identityRow(user, identity)),
      assignments: [...this.#assignments.values()].map(assignmentRow),
      entitlements: this.#entitlementRows(),
    };
  }

  #identityRow(user: string, identity: Identity): IdentityRow {
    const known = this.#identityRows.get(identity);
    if (known !== undefined) return known;
    const row = {
      user,
      state: identity.existence.value,
      kind: identity.fields.kind.value as string | null,
      items: this.#items(identity),
      previousItems: identity.previousItems,
      itemsChangedAt: identity.itemsChangedAt,
    };
    this.#identityRows.set(identity, row);
    return row;
  }

  #entitlementRows(): EntitlementRow[] {
    const names = new Set(this.#entitlements.keys());
    for (const { entitlement } of this.#assignments.values()) names.add(entitlement);
    return [...names].map((name) => {
      const { existence, fields } = this.#entitlements.get(name) ?? newEntitlement();
      if (!existence.value) {
        return { entitlement: name, catalogued: false, application: null, tags: [], requestable: true };
      }
      const application = fields.application.value as string | null;
      const own = fields.tags.value as readonly string[];
      const shared = (application === null ? undefined : this.#applications.get(application)?.tags.value) ?? [];
      return {
        entitlement: name,
        catalogued: existence.value,
        application,
        tags: [...new Set([...own, ...(shared as readonly string[])])].sort(compareCodePoints),
        requestable: fields.requestable.value as boolean,
      };
    });
  }
}

const CATALOG_DEFAULTS = {
  name: null,
  application: null,
  applicationId: null,
  owner: null,
  risk: null,
  legacy: null,
  tags: [] as readonly string[],
  requestable: true,
};

function writeImage(
  identity: Identity,
  event: IdentityFields & { attributes: readonly (readonly [string, unknown])[] },
  writer: Writer,
): void {
  writer.write(identity.existence, "active");
  const named = new Set(event.attributes.map(([name]) => name));
  for (const [name, register] of identity.attributes) if (!named.has(name)) writer.write(register, []);
  for (const name of named) attributeOf(identity, name);
  writer.write(identity.image, null);
  for (const field of IDENTITY_FIELDS) writer.write(identity.fields[field], event[field] ?? null);
}

function writeFields(identity: Identity, event: IdentityFields, writer: Writer): void {
  for (const field of IDENTITY_FIELDS) {
    const value = event[field];
    if (value !== undefined) writer.write(identity.fields[field], value);
  }
}

function attributeOf(identity: Identity, name: string): Register<readonly string[]> {
  return getOrCreate(identity.attributes, name, () => ({ value: [], stamp: identity.image.stamp }));
}

function assignmentRow({ user, entitlement, membership, lastUsedAt, expiresAt }: Assignment): AssignmentRow {
  return {
    user,
    entitlement,
    held: membership.value.held,
    memberAt: membership.stamp,
    lastUsedAt: lastUsedAt.value,
    expiresAt: expiresAt.value,
    source: membership.value.source,
  };
}

function newIdentity(): Identity {
  const fields = Object.fromEntries(IDENTITY_FIELDS.map((field) => [field, { value: null, stamp: NEVER }]));
  return {
    existence: { value: "unknown", stamp: NEVER },
    image: { value: null, stamp: NEVER },
    attributes: new Map(),
    fields: fields as Identity["fields"],
    previousItems: [],
    itemsChangedAt: null,
  };
}

function newEntitlement(): Entitlement {
  const fields = ENTITLEMENT_FIELDS.map((field) => [field, { value: CATALOG_DEFAULTS[field], stamp: NEVER }]);
  return { existence: { value: false, stamp: NEVER }, fields: Object.fromEntries(fields) as Entitlement["fields"] };
}

function newApplication(): Application {
  const fields = APPLICATION_FIELDS.map((field) => [field, { value: CATALOG_DEFAULTS[field], stamp: NEVER }]);
  return Object.fromEntries(fields) as Application;
}

function getOrCreate<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}
