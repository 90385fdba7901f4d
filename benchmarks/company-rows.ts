/**
 * A company as the rows that an engine loads on start, as the store would give them, slice by slice, so that a company of
 * a million people does not stand in memory twice. Registers are the engine's own text, so scratch engines write them: once
 * for each identity and entitlement, and one assignment as the pattern of all.
 */
import { Engine, type StepEvent } from "../src/core/engine.ts";
import type { AssignmentChunk, EntitlementRow, ItemRow, TableChanges, UserRow } from "../src/core/rows.ts";
import type { Settings } from "../src/core/settings.ts";
import { attributesOf, type Company, profileOf, userOf } from "../src/demo/company.ts";
import { Prng } from "../src/demo/prng.ts";
import type { InputEvent } from "../src/events/event.ts";
import { COMPANY_MS } from "./company-files.ts";

const DAY_MS = 86_400_000;
const GRANTED_MS = COMPANY_MS - 300 * DAY_MS;
/** Last uses lie evenly in this time before the start; the oldest are about to be flagged as unused. */
const LAST_USE_DAYS = 95;
const ROWS_A_SLICE = 10_000;

export interface CompanyRows {
  readonly items: readonly ItemRow[];
  readonly entitlements: readonly EntitlementRow[];
  /** Made on demand, as are the assignments. */
  readonly users: () => Generator<readonly UserRow[], void>;
  readonly assignments: () => Generator<AssignmentChunk, void>;
}

export const COMPANY_MINUTE: number = COMPANY_MS / 60_000;

export function companyRows(company: Company, settings: Settings): CompanyRows {
  const scratch = new Engine(settings);
  const { entitlements } = apply(
    scratch,
    company.entitlements.map(({ entitlement, application, risk }) => ({
      type: "entitlement.upserted",
      entitlement,
      application,
      risk,
    })),
  );
  const first = company.entitlements[0]!.entitlement;
  const [pattern] = apply(scratch, [{ type: "assignment.granted", user: userOf(0), entitlement: first }]).assignments;
  const flags = pattern![2];
  const items = itemRows(company);
  return {
    items,
    entitlements,
    users: () => userSlices(company, settings, items),
    assignments: () => assignmentSlices(company, flags),
  };
}

function apply(scratch: Engine, events: readonly InputEvent[]): TableChanges {
  const stamped = events.map((event): StepEvent => ({ event, recordAtMs: GRANTED_MS }));
  return scratch.step({ clockMinute: COMPANY_MINUTE, events: stamped, budgetRecords: 1, catchUp: true }).changes;
}

function itemRows(company: Company): ItemRow[] {
  const items: ItemRow[] = [];
  for (const [index, attribute] of company.attributes.entries()) {
    for (const value of company.organisation.values[index]!) items.push([items.length, attribute, value]);
  }
  return items;
}

/** Person p has the id p. */
function* userSlices(company: Company, settings: Settings, items: readonly ItemRow[]): Generator<UserRow[], void> {
  for (let from = 0; from < company.people; from += ROWS_A_SLICE) {
    const scratch = new Engine(settings);
    scratch.loadItems(items);
    const { users } = apply(scratch, joiners(company, from, Math.min(company.people, from + ROWS_A_SLICE)));
    yield users.map(([id, user, registers]): UserRow => [from + id, user, registers]);
  }
}

function joiners(company: Company, from: number, to: number): InputEvent[] {
  const events: InputEvent[] = [];
  for (let person = from; person < to; person += 1) {
    const attributes = attributesOf(company, profileOf(company, person));
    events.push({ type: "identity.upserted", user: userOf(person), attributes });
  }
  return events;
}

/** Entitlement e has the id e, because the scratch engine met them in this order. */
function* assignmentSlices(company: Company, flags: number): Generator<AssignmentChunk, void> {
  const prng = new Prng(company.seed, 6);
  const { from, holders } = byEntitlement(company);
  for (let entitlement = 0; entitlement < company.entitlements.length; entitlement += 1) {
    const end = from[entitlement + 1]!;
    for (let at = from[entitlement]!; at < end; at += ROWS_A_SLICE) {
      const users = holders.subarray(at, Math.min(end, at + ROWS_A_SLICE));
      const lastUse = (): number => COMPANY_MS - Math.floor(prng.fraction() * LAST_USE_DAYS * DAY_MS);
      yield {
        entitlements: new Uint32Array(users.length).fill(entitlement),
        users,
        flags: new Uint8Array(users.length).fill(flags),
        memberAt: new Float64Array(users.length).fill(GRANTED_MS),
        lastUsedAt: new Float64Array(users.length).map(lastUse),
        extras: new Map(),
      };
    }
  }
}

/** Holders of entitlement e, ascending: `holders[from[e]]` up to, not including, `holders[from[e + 1]]`. */
function byEntitlement(company: Company): { from: Uint32Array; holders: Uint32Array } {
  const from = new Uint32Array(company.entitlements.length + 1);
  for (const entitlement of company.held) from[entitlement + 1]! += 1;
  for (let entitlement = 0; entitlement < company.entitlements.length; entitlement += 1) {
    from[entitlement + 1]! += from[entitlement]!;
  }
  const next = from.slice();
  const holders = new Uint32Array(company.held.length);
  for (let person = 0; person < company.people; person += 1) {
    for (let index = company.heldFrom[person]!; index < company.heldFrom[person + 1]!; index += 1) {
      holders[next[company.held[index]!]!++] = person;
    }
  }
  return { from, holders };
}
