/**
 * The tables of one company, and how an event changes them. Nothing is counted here.
 */
import type {
  AssignmentEvent,
  AssignmentGranted,
  AssignmentGrants,
  CatalogEvent,
  IdentityEvent,
  InputEvent,
  Outcome,
} from "../events/event.ts";
import { Catalog } from "./catalog.ts";
import type { Changes } from "./changes.ts";
import { finite, Identities } from "./identities.ts";
import { Items } from "./items.ts";
import { COUNTED_HOLDER, COUNTED_TEACHER, type Extra, HELD, Pairs, RISK_HIGH, RISK_KNOWN } from "./pairs.ts";
import { Policy } from "./policy.ts";
import { type Moment, NEVER, stampFor, wins } from "./registers.ts";
import type { AssignmentChunk, AssignmentRow, EntitlementRow } from "./rows.ts";
import { AHEAD_OF_RECORD_MAX_MS, type Settings } from "./settings.ts";

export class Company {
  readonly items: Items;
  readonly identities: Identities;
  readonly catalog: Catalog = new Catalog();
  readonly pairs: Pairs = new Pairs();
  readonly policy: Policy;
  clockMinute = 0;

  constructor(settings: Settings) {
    this.items = new Items(settings.features);
    this.identities = new Identities(this.items);
    this.policy = new Policy(settings);
  }

  get nowMs(): number {
    return this.clockMinute * 60_000;
  }

  apply(event: InputEvent, recordAt: number, changes: Changes): Outcome {
    const moment: Moment = { at: event.at ?? null, recordAt };
    if (event.type !== "clock.ticked" && event.at !== undefined && event.at > recordAt + AHEAD_OF_RECORD_MAX_MS) {
      return { field: "at", expectation: "a time at most 10 minutes ahead of its record" };
    }
    switch (event.type) {
      case "identity.upserted":
      case "identity.changed":
      case "identity.removed":
        return this.#applyIdentity(event, moment, changes);
      case "assignment.granted":
      case "assignment.revoked":
      case "assignment.used":
        return this.#applyAssignment(event, moment, changes);
      case "entitlement.upserted":
      case "entitlement.removed":
      case "application.upserted":
        return this.#applyCatalog(event, moment, changes);
      case "clock.ticked":
        return this.advanceClock(Math.floor(event.at / 60_000)) ? "applied" : "unchanged";
      default:
        return "unchanged";
    }
  }

  /** Each grant in its turn as the event that it stands for. */
  applyGrants(grants: AssignmentGrants, recordAt: number, changes: Changes, outcomes: Outcome[]): void {
    const { pairs } = this;
    const { userAt, entitlementAt, highRisk, lastUsedAt } = grants;
    const users = grants.users.map((user) => this.internUser(user, changes));
    const entitlements = grants.entitlements.map((entitlement) => this.internEntitlement(entitlement, changes));
    const moment: Moment = { at: null, recordAt };
    for (let i = 0; i < userAt.length; i++) {
      const known = pairs.size;
      const row = pairs.findOrAppend(users[userAt[i]!]!, entitlements[entitlementAt[i]!]!);
      changes.assignments.add(row);
      const granted = MEMBERSHIPS[highRisk[i]!]!;
      const isNew = row >= known;
      const membership = isNew
        ? this.#grantNew(row, granted, recordAt)
        : this.#setMembership(row, granted, null, moment);
      const usedAt = lastUsedAt[i]!;
      outcomes.push(usedAt < 0 ? membership : better(membership, this.#used(row, usedAt)));
    }
  }

  /** Time never goes back; true when it moved. */
  advanceClock(minute: number): boolean {
    if (minute <= this.clockMinute) return false;
    this.clockMinute = minute;
    return true;
  }

  #applyIdentity(event: IdentityEvent, moment: Moment, changes: Changes): Outcome {
    const user = this.internUser(event.user, changes);
    const outcome = this.identities.apply(user, event, moment);
    if (typeof outcome === "object") return outcome;
    changes.users.add(user);
    if (event.id !== undefined) changes.causeOfUser.set(user, event.id);
    return outcome;
  }

  #applyAssignment(event: AssignmentEvent, moment: Moment, changes: Changes): Outcome {
    const user = this.internUser(event.user, changes);
    const entitlement = this.internEntitlement(event.entitlement, changes);
    const row = this.pairs.findOrMake(user, entitlement);
    changes.assignments.add(row);
    if (event.id !== undefined) changes.causeOfRow.set(row, event.id);
    if (event.type === "assignment.used") return this.#used(row, stampFor(moment, this.pairs.lastUsedAt[row]!));
    const granted = event.type === "assignment.granted" ? event : null;
    const membership = granted === null ? 0 : membershipOf(granted);
    let outcome = this.#setMembership(row, membership, granted, moment);
    const expiresAt = granted === null ? null : granted.expiresAt;
    if (expiresAt !== undefined) outcome = better(outcome, this.#setExpiry(row, expiresAt, moment));
    if (granted?.lastUsedAt != null) outcome = better(outcome, this.#used(row, granted.lastUsedAt));
    return outcome;
  }

  /** As `#setMembership` of a row that nothing is known of. */
  #grantNew(row: number, membership: number, recordAt: number): RegisterOutcome {
    this.pairs.memberAt[row] = recordAt;
    this.pairs.setMembership(row, membership);
    return "applied";
  }

  #setMembership(row: number, membership: number, grant: AssignmentGranted | null, moment: Moment): RegisterOutcome {
    const { pairs } = this;
    const register = pairs.memberAt[row]!;
    if (!wins(moment, register)) return "late";
    pairs.memberAt[row] = stampFor(moment, register);
    const before = pairs.extraOf(row);
    const grantedBy = grant?.grantedBy ?? null;
    const source = grant?.source ?? null;
    const decisionId = grant?.decisionId ?? null;
    const sameExtra = before.grantedBy === grantedBy && before.source === source && before.decisionId === decisionId;
    if (!sameExtra) pairs.setExtra(row, { ...before, grantedBy, source, decisionId });
    if (sameExtra && pairs.membershipOf(row) === membership) return "unchanged";
    pairs.setMembership(row, membership);
    return "applied";
  }

  #setExpiry(row: number, expiresAt: number | null, moment: Moment): RegisterOutcome {
    const before = this.pairs.extraOf(row);
    const register = before.expiresStamp ?? NEVER;
    if (!wins(moment, register)) return "late";
    this.pairs.setExtra(row, { ...before, expiresAt, expiresStamp: stampFor(moment, register) });
    return before.expiresAt === expiresAt ? "unchanged" : "applied";
  }

  #used(row: number, at: number): RegisterOutcome {
    const last = this.pairs.lastUsedAt[row]!;
    if (at < last) return "late";
    this.pairs.lastUsedAt[row] = at;
    return at > last ? "applied" : "unchanged";
  }

  #applyCatalog(event: CatalogEvent, moment: Moment, changes: Changes): Outcome {
    if (event.type === "application.upserted") {
      const outcome = this.catalog.upsertApplication(event, moment);
      changes.applications.add(event.application);
      for (const entitlement of this.catalog.entitlementsOf(event.application)) changes.entitlements.add(entitlement);
      return outcome;
    }
    const entitlement = this.internEntitlement(event.entitlement, changes);
    changes.entitlements.add(entitlement);
    return event.type === "entitlement.upserted"
      ? this.catalog.upsert(entitlement, event, moment)
      : this.catalog.remove(entitlement, moment);
  }

  /** A user that only an assignment names is written down, too, so that its id lasts. */
  internUser(name: string, changes: Changes): number {
    const known = this.identities.names.find(name);
    if (known >= 0) return known;
    const user = this.identities.intern(name);
    changes.users.add(user);
    return user;
  }

  internEntitlement(name: string, changes: Changes): number {
    const known = this.catalog.names.find(name);
    if (known >= 0) return known;
    const entitlement = this.catalog.names.intern(name);
    this.policy.refresh(entitlement, name, this.catalog.factsOf(entitlement));
    changes.entitlements.add(entitlement);
    return entitlement;
  }

  namesOf(row: number): { user: string; entitlement: string } {
    return {
      user: this.identities.names.textOf(this.pairs.userOf(row)),
      entitlement: this.catalog.names.textOf(this.pairs.entitlementOf(row)),
    };
  }

  /** What is to be counted of a row: COUNTED_HOLDER, COUNTED_TEACHER. */
  takesPart(row: number): number {
    const { pairs, identities, policy } = this;
    const user = pairs.userOf(row);
    if (!pairs.isHeld(row) || !identities.isActive(user)) return 0;
    const teaches =
      !policy.of(pairs.entitlementOf(row)).learningExcluded &&
      policy.kindTeaches(identities.kindOf(user)) &&
      (!pairs.hasExtra(row) || policy.teachesFrom(pairs.extraOf(row).source));
    return teaches ? COUNTED_HOLDER | COUNTED_TEACHER : COUNTED_HOLDER;
  }

  assignmentRow(row: number): AssignmentRow {
    const { pairs } = this;
    return [
      pairs.entitlementOf(row),
      pairs.userOf(row),
      pairs.membershipOf(row),
      finite(pairs.memberAt[row]!) ?? -1,
      finite(pairs.lastUsedAt[row]!) ?? -1,
      pairs.hasExtra(row) ? JSON.stringify(pairs.extraOf(row)) : null,
    ];
  }

  assignmentChunk(rows: readonly number[]): AssignmentChunk {
    const { pairs } = this;
    const chunk = {
      entitlements: new Uint32Array(rows.length),
      users: new Uint32Array(rows.length),
      flags: new Uint8Array(rows.length),
      memberAt: new Float64Array(rows.length),
      lastUsedAt: new Float64Array(rows.length),
      extras: new Map<number, string>(),
    };
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      chunk.entitlements[i] = pairs.entitlementOf(row);
      chunk.users[i] = pairs.userOf(row);
      chunk.flags[i] = pairs.membershipOf(row);
      chunk.memberAt[i] = finite(pairs.memberAt[row]!) ?? -1;
      chunk.lastUsedAt[i] = finite(pairs.lastUsedAt[row]!) ?? -1;
      if (pairs.hasExtra(row)) chunk.extras.set(i, JSON.stringify(pairs.extraOf(row)));
    }
    return chunk;
  }

  loadAssignments({ entitlements, users, flags, memberAt, lastUsedAt, extras }: AssignmentChunk): void {
    const { pairs } = this;
    for (let i = 0; i < users.length; i++) {
      const row = pairs.findOrAppend(users[i]!, entitlements[i]!);
      pairs.setMembership(row, flags[i]!);
      pairs.memberAt[row] = memberAt[i]! < 0 ? NEVER : memberAt[i]!;
      pairs.lastUsedAt[row] = lastUsedAt[i]! < 0 ? NEVER : lastUsedAt[i]!;
    }
    for (const [i, extra] of extras) {
      pairs.setExtra(pairs.find(users[i]!, entitlements[i]!), JSON.parse(extra) as Extra);
    }
  }

  loadEntitlement(row: EntitlementRow): void {
    this.catalog.load(row);
    this.policy.refresh(row[0], row[1], this.catalog.factsOf(row[0]));
  }
}

type RegisterOutcome = "applied" | "unchanged" | "late";

/** What became of an event that wrote two registers. */
function better(one: RegisterOutcome, other: RegisterOutcome): RegisterOutcome {
  if (one === "applied" || other === "applied") return "applied";
  return one === "unchanged" || other === "unchanged" ? "unchanged" : "late";
}

function membershipOf({ highRisk }: AssignmentGranted): number {
  return MEMBERSHIPS[highRisk == null ? 0 : highRisk ? 2 : 1];
}

/** Of a grant, by what it says of the risk: nothing, no, yes. */
const MEMBERSHIPS = [HELD, HELD | RISK_KNOWN, HELD | RISK_KNOWN | RISK_HIGH] as const;
