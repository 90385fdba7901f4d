/**
 * A company as the rows that an engine loads on start, as the store would give them. Registers are the engine's own text,
 * so a scratch engine writes them: once for each identity and entitlement, and one assignment as the pattern of all.
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
const USERS_A_STEP = 10_000;

export interface CompanyRows {
  readonly items: readonly ItemRow[];
  readonly entitlements: readonly EntitlementRow[];
  readonly users: readonly UserRow[];
  /** One entitlement a chunk; made on demand. */
  readonly assignments: () => Generator<AssignmentChunk, void>;
}

export const COMPANY_MINUTE: number = COMPANY_MS / 60_000;

export function companyRows(company: Company, settings: Settings): CompanyRows {
  const scratch = new Engine(settings);
  const apply = (events: readonly InputEvent[]): TableChanges => {
    const stamped = events.map((event): StepEvent => ({ event, recordAtMs: GRANTED_MS }));
    return scratch.step({ clockMinute: COMPANY_MINUTE, events: stamped, budgetRecords: 1, catchUp: true }).changes;
  };
  const { entitlements } = apply(
    company.entitlements.map(({ entitlement, application, risk }) => ({
      type: "entitlement.upserted",
      entitlement,
      application,
      risk,
    })),
  );
  const [items, users]: [ItemRow[], UserRow[]] = [[], []];
  for (let from = 0; from < company.people; from += USERS_A_STEP) {
    const changes = apply(joiners(company, from, Math.min(company.people, from + USERS_A_STEP)));
    for (const row of changes.items) items.push(row);
    for (const row of changes.users) users.push(row);
  }
  const first = company.entitlements[0]!.entitlement;
  const [pattern] = apply([{ type: "assignment.granted", user: userOf(0), entitlement: first }]).assignments;
  const flags = pattern![2];
  return { items, entitlements, users, assignments: () => assignmentChunks(company, flags) };
}

function joiners(company: Company, from: number, to: number): InputEvent[] {
  const events: InputEvent[] = [];
  for (let person = from; person < to; person += 1) {
    const attributes = attributesOf(company, profileOf(company, person));
    events.push({ type: "identity.upserted", user: userOf(person), attributes });
  }
  return events;
}

/** Person p has the id p and entitlement e the id e, because the scratch engine met them in this order. */
function* assignmentChunks(company: Company, flags: number): Generator<AssignmentChunk, void> {
  const prng = new Prng(company.seed, 6);
  const { from, holders } = byEntitlement(company);
  for (let entitlement = 0; entitlement < company.entitlements.length; entitlement += 1) {
    const users = Array.from(holders.subarray(from[entitlement], from[entitlement + 1]));
    yield {
      entitlement,
      users,
      flags: users.map(() => flags),
      memberAt: users.map(() => GRANTED_MS),
      lastUsedAt: users.map(() => COMPANY_MS - Math.floor(prng.fraction() * LAST_USE_DAYS * DAY_MS)),
      extra: users.map(() => null),
    };
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
