/**
 * Workload W: life in a generated company as an endless stream of events. Shares are of emitted events:
 * 55 % grants and revocations, 25 % use, 12 % movers (a third of them change three attributes), 4 % joiners, 4 % leavers.
 *  1. A joiner's birthright grants follow the joiner at once and count among the 55 %.
 *  2. Leavers keep their access, orphaned, until revocations clean it up; one joiner in twenty is a leaver who returns.
 *  3. Grants and revocations balance each other as far as joiners, leavers and orphaned access allow.
 *  4. Same company, same seed: the same stream. To resume after n events, skip n.
 */

import type { InputEvent } from "../events/event.ts";
import { attributesOf, type Company, heldBy, profileOf, userOf } from "./company.ts";
import { type Profile, SINGLE_MOVES, TRIPLE_MOVES } from "./organisation.ts";
import { Prng, WeightedIndex } from "./prng.ts";

export interface StreamOptions {
  readonly seed: number;
  /** Events of this stream that were already played; 0 unless told otherwise. */
  readonly skip?: number;
  /** Gives the n-th event the id `prefix` + n, counted from 0 at the start of the stream; without it, none has an id. */
  readonly idPrefix?: string;
  /** Time of the first event (ms since 1970) and distance between two; without it, no event says when it happened. */
  readonly times?: { readonly startMs: number; readonly intervalMs: number };
}

const STREAM = 4;
const KINDS = ["access", "use", "move", "join", "leave"] as const;
const SHARES = new WeightedIndex([55, 25, 12, 4, 4]);
const TRIPLE_MOVE_SHARE = 1 / 3;
const RETURN_SHARE = 0.05;
/** Share of the grants that follow a planted rule, as far as there are any left; the others follow none. */
const PLANTED_GRANT_SHARE = 0.8;
/** Share of the revocations that look for access that no rule explains. */
const CERTIFICATION_SHARE = 0.5;
const TRIES_MAX = 16;

export function* companyEvents(company: Company, options: StreamOptions): Generator<InputEvent, never> {
  const life = new CompanyLife(company, options.seed);
  const { skip = 0, idPrefix, times } = options;
  for (let count = 0; ; count += 1) {
    const event = life.next();
    if (count < skip) continue;
    yield {
      ...event,
      ...(idPrefix === undefined ? {} : { id: `${idPrefix}${count}` }),
      ...(times === undefined ? {} : { at: times.startMs + count * times.intervalMs }),
    };
  }
}

class CompanyLife {
  private readonly company: Company;
  private readonly prng: Prng;
  private readonly active: number[];
  /** Leavers who still hold something. */
  private readonly gone: number[] = [];
  private people: number;
  /** Rows of people who joined, and rows that are no longer those of the start. */
  private readonly ownProfiles = new Map<number, Profile>();
  private readonly ownHeld = new Map<number, number[]>();
  private heldByActive: number;
  private heldByGone = 0;
  private readonly due: InputEvent[] = [];
  /** Grants to joiners that were not yet counted among the grants and revocations. */
  private uncounted = 0;

  constructor(company: Company, seed: number) {
    this.company = company;
    this.prng = new Prng(seed, STREAM);
    this.people = company.people;
    this.active = Array.from({ length: company.people }, (_, person) => person);
    this.heldByActive = company.held.length;
  }

  next(): InputEvent {
    const due = this.due.shift();
    if (due !== undefined) return due;
    for (;;) {
      switch (KINDS[SHARES.draw(this.prng)]!) {
        case "access":
          if (this.uncounted === 0) return this.grantOrRevoke();
          this.uncounted -= 1;
          break;
        case "use":
          return this.use();
        case "move":
          return this.move();
        case "join":
          return this.join();
        case "leave":
          return this.active.length > 1 ? this.leave() : this.join();
      }
    }
  }

  private grantOrRevoke(): InputEvent {
    const missing = 1 - this.heldByActive / this.company.held.length;
    const orphaned = this.heldByGone / this.company.held.length;
    const grantShare = Math.min(0.8, Math.max(0.2, 0.5 + missing - 6 * orphaned));
    if (this.prng.chance(grantShare)) return this.grant();
    if (this.gone.length > 0 && this.prng.chance(Math.min(0.9, 10 * orphaned + 0.1))) return this.cleanUp();
    return this.revoke() ?? this.grant();
  }

  private grant(): InputEvent {
    for (;;) {
      const person = this.prng.pick(this.active);
      const entitlement = this.prng.chance(PLANTED_GRANT_SHARE)
        ? this.missingAccess(person)
        : this.company.plan.drawNoise(this.prng);
      if (entitlement === undefined || this.held(person).includes(entitlement)) continue;
      this.give(person, entitlement);
      return this.assignment("assignment.granted", person, entitlement);
    }
  }

  /** Something that a rule would give to the person, and that is not held. */
  private missingAccess(person: number): number | undefined {
    const held = this.held(person);
    let found: number | undefined;
    let seen = 0;
    this.company.plan.forEachRule(this.profile(person), (rule) => {
      if (held.includes(rule.entitlement) || !this.prng.chance(rule.probability)) return;
      seen += 1;
      if (this.prng.below(seen) === 0) found = rule.entitlement;
    });
    return found;
  }

  private revoke(): InputEvent | undefined {
    const person = this.personWithAccess();
    if (person === undefined) return undefined;
    let candidates: ArrayLike<number> = this.held(person);
    if (this.prng.chance(CERTIFICATION_SHARE)) {
      const explained = new Set(this.company.plan.birthright(this.profile(person)));
      this.company.plan.forEachRule(this.profile(person), (rule) => explained.add(rule.entitlement));
      const unexplained = Array.from(candidates).filter((entitlement) => !explained.has(entitlement));
      if (unexplained.length > 0) candidates = unexplained;
    }
    const entitlement = candidates[this.prng.below(candidates.length)]!;
    this.take(person, entitlement);
    this.heldByActive -= 1;
    return this.assignment("assignment.revoked", person, entitlement);
  }

  private cleanUp(): InputEvent {
    const index = this.prng.below(this.gone.length);
    const person = this.gone[index]!;
    const entitlement = this.held(person)[0]!;
    this.take(person, entitlement);
    this.heldByGone -= 1;
    if (this.held(person).length === 0) this.forget(index);
    return this.assignment("assignment.revoked", person, entitlement);
  }

  private use(): InputEvent {
    const person = this.personWithAccess();
    if (person === undefined) return this.grant();
    const held = this.held(person);
    return this.assignment("assignment.used", person, held[this.prng.below(held.length)]!);
  }

  private move(): InputEvent {
    for (;;) {
      const person = this.prng.pick(this.active);
      const before = this.profile(person);
      const after = Array.from(before);
      const moves = this.prng.chance(TRIPLE_MOVE_SHARE) ? TRIPLE_MOVES : SINGLE_MOVES;
      this.company.organisation.move(this.prng, this.prng.pick(moves), after);
      const attributes = attributesOf(this.company, after).filter((_, index) => after[index] !== before[index]);
      if (attributes.length === 0) continue;
      this.ownProfiles.set(person, after);
      return { type: "identity.changed", user: userOf(person), attributes };
    }
  }

  private join(): InputEvent {
    const returns = this.gone.length > 0 && this.prng.chance(RETURN_SHARE);
    const person = returns ? this.comeBack() : this.people++;
    if (!returns) {
      const profile: number[] = [];
      this.company.organisation.draw(this.prng, profile);
      this.ownProfiles.set(person, profile);
      this.ownHeld.set(person, []);
    }
    this.active.push(person);
    for (const entitlement of this.company.plan.birthright(this.profile(person))) {
      if (this.held(person).includes(entitlement)) continue;
      this.give(person, entitlement);
      this.due.push(this.assignment("assignment.granted", person, entitlement));
      this.uncounted += 1;
    }
    const attributes = attributesOf(this.company, this.profile(person));
    return { type: "identity.upserted", user: userOf(person), attributes };
  }

  private comeBack(): number {
    const index = this.prng.below(this.gone.length);
    const person = this.gone[index]!;
    removeAt(this.gone, index);
    this.heldByGone -= this.held(person).length;
    this.heldByActive += this.held(person).length;
    return person;
  }

  private leave(): InputEvent {
    const index = this.prng.below(this.active.length);
    const person = this.active[index]!;
    removeAt(this.active, index);
    const count = this.held(person).length;
    this.heldByActive -= count;
    this.heldByGone += count;
    this.gone.push(person);
    if (count === 0) this.forget(this.gone.length - 1);
    return { type: "identity.removed", user: userOf(person) };
  }

  private forget(indexOfGone: number): void {
    const person = this.gone[indexOfGone]!;
    removeAt(this.gone, indexOfGone);
    this.ownProfiles.delete(person);
    this.ownHeld.delete(person);
  }

  private personWithAccess(): number | undefined {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const person = this.prng.pick(this.active);
      if (this.held(person).length > 0) return person;
    }
    return undefined;
  }

  private profile(person: number): Profile {
    return this.ownProfiles.get(person) ?? profileOf(this.company, person);
  }

  private held(person: number): Uint32Array | number[] {
    return this.ownHeld.get(person) ?? heldBy(this.company, person);
  }

  /** To a person who is active. */
  private give(person: number, entitlement: number): void {
    this.ownHeldOf(person).push(entitlement);
    this.heldByActive += 1;
  }

  private take(person: number, entitlement: number): void {
    const held = this.ownHeldOf(person);
    removeAt(held, held.indexOf(entitlement));
  }

  private ownHeldOf(person: number): number[] {
    let held = this.ownHeld.get(person);
    if (held === undefined) this.ownHeld.set(person, (held = Array.from(heldBy(this.company, person))));
    return held;
  }

  private assignment(
    type: "assignment.granted" | "assignment.revoked" | "assignment.used",
    person: number,
    entitlement: number,
  ): InputEvent {
    return { type, user: userOf(person), entitlement: this.company.entitlements[entitlement]!.entitlement };
  }
}

/** Removes one element; the last takes its place. */
const removeAt = (list: number[], index: number): void => {
  const last = list.pop()!;
  if (index < list.length) list[index] = last;
};
