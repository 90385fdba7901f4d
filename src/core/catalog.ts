/**
 * The catalog: registers of entitlements and applications. An entitlement may be used before the catalog names it.
 * Both kinds of entries come as full images, so all fields of one share a stamp.
 */
import type { ApplicationUpserted, EntitlementUpserted, RiskLevel } from "../events/event.ts";
import { finite } from "./identities.ts";
import { Interner } from "./interner.ts";
import { type Moment, NEVER, stampFor, wins } from "./registers.ts";
import type { ApplicationRow, EntitlementRow } from "./rows.ts";

interface EntitlementFields {
  readonly name: string | null;
  readonly application: string | null;
  readonly applicationId: string | null;
  readonly owner: string | null;
  readonly risk: RiskLevel | null;
  readonly tags: readonly string[];
  readonly requestable: boolean;
}

interface ApplicationFields {
  readonly name: string | null;
  readonly owner: string | null;
  readonly legacy: boolean | null;
  readonly tags: readonly string[];
}

interface Entry<Fields> {
  readonly imageAt: number;
  readonly fields: Fields;
}

interface EntitlementEntry extends Entry<EntitlementFields> {
  readonly catalogued: boolean;
  readonly existsAt: number;
}

/** What the catalog says of an entitlement now. Nothing but defaults when it is not catalogued. */
export interface CatalogFacts {
  readonly catalogued: boolean;
  readonly application: string | null;
  /** Its own tags and those of its application. */
  readonly tags: readonly string[];
  readonly requestable: boolean;
}

const NO_FIELDS: EntitlementFields = {
  name: null,
  application: null,
  applicationId: null,
  owner: null,
  risk: null,
  tags: [],
  requestable: true,
};
const NO_ENTRY: EntitlementEntry = { catalogued: false, existsAt: NEVER, imageAt: NEVER, fields: NO_FIELDS };
const NO_APPLICATION: Entry<ApplicationFields> = {
  imageAt: NEVER,
  fields: { name: null, owner: null, legacy: null, tags: [] },
};

type RegisterOutcome = "applied" | "unchanged" | "late";

export class Catalog {
  readonly names: Interner = new Interner();
  readonly #entries: Map<number, EntitlementEntry> = new Map();
  readonly #applications: Map<string, Entry<ApplicationFields>> = new Map();

  get size(): number {
    return this.names.size;
  }

  factsOf(entitlement: number): CatalogFacts {
    const { catalogued, fields } = this.#entries.get(entitlement) ?? NO_ENTRY;
    if (!catalogued) return { catalogued, application: null, tags: [], requestable: true };
    const applicationTags = fields.application === null ? [] : this.#application(fields.application).fields.tags;
    return {
      catalogued,
      application: fields.application,
      tags: [...new Set([...fields.tags, ...applicationTags])],
      requestable: fields.requestable,
    };
  }

  upsert(entitlement: number, event: EntitlementUpserted, moment: Moment): RegisterOutcome {
    const entry = this.#entries.get(entitlement) ?? NO_ENTRY;
    const existence = this.#existence(entry, true, moment);
    const next = wins(moment, entry.imageAt)
      ? { imageAt: stampFor(moment, entry.imageAt), fields: entitlementFields(event) }
      : null;
    this.#entries.set(entitlement, { ...entry, ...existence, ...next });
    if (existence === null && next === null) return "late";
    const changed = existence?.catalogued === !entry.catalogued;
    return changed || (next !== null && !same(next.fields, entry.fields)) ? "applied" : "unchanged";
  }

  remove(entitlement: number, moment: Moment): RegisterOutcome {
    const entry = this.#entries.get(entitlement) ?? NO_ENTRY;
    const existence = this.#existence(entry, false, moment);
    if (existence === null) return "late";
    this.#entries.set(entitlement, { ...entry, ...existence });
    return entry.catalogued ? "applied" : "unchanged";
  }

  upsertApplication(event: ApplicationUpserted, moment: Moment): RegisterOutcome {
    const entry = this.#application(event.application);
    if (!wins(moment, entry.imageAt)) return "late";
    const fields: ApplicationFields = {
      name: event.name ?? null,
      owner: event.owner ?? null,
      legacy: event.legacy ?? null,
      tags: event.tags ?? [],
    };
    this.#applications.set(event.application, { imageAt: stampFor(moment, entry.imageAt), fields });
    return same(fields, entry.fields) ? "unchanged" : "applied";
  }

  /** Entitlements that the catalog places in an application. */
  entitlementsOf(application: string): number[] {
    return [...this.#entries].filter(([, entry]) => entry.fields.application === application).map(([id]) => id);
  }

  row(entitlement: number): EntitlementRow {
    const { catalogued, existsAt, imageAt, fields } = this.#entries.get(entitlement) ?? NO_ENTRY;
    const registers = { catalogued, existsAt: finite(existsAt), imageAt: finite(imageAt), fields };
    return [entitlement, this.names.textOf(entitlement), JSON.stringify(registers)];
  }

  applicationRow(application: string): ApplicationRow {
    return [application, JSON.stringify(this.#application(application))];
  }

  load([, entitlement, json]: EntitlementRow): void {
    const stored = JSON.parse(json) as EntitlementEntry & { existsAt: number | null; imageAt: number | null };
    const entry = { ...stored, existsAt: stored.existsAt ?? NEVER, imageAt: stored.imageAt ?? NEVER };
    this.#entries.set(this.names.intern(entitlement), entry);
  }

  loadApplication([application, json]: ApplicationRow): void {
    this.#applications.set(application, JSON.parse(json) as Entry<ApplicationFields>);
  }

  #application(application: string): Entry<ApplicationFields> {
    return this.#applications.get(application) ?? NO_APPLICATION;
  }

  #existence(
    entry: EntitlementEntry,
    catalogued: boolean,
    moment: Moment,
  ): { catalogued: boolean; existsAt: number } | null {
    if (!wins(moment, entry.existsAt)) return null;
    return { catalogued, existsAt: stampFor(moment, entry.existsAt) };
  }
}

function entitlementFields(event: EntitlementUpserted): EntitlementFields {
  return {
    name: event.name ?? null,
    application: event.application ?? null,
    applicationId: event.applicationId ?? null,
    owner: event.owner ?? null,
    risk: event.risk ?? null,
    tags: event.tags ?? [],
    requestable: event.requestable ?? true,
  };
}

function same(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
