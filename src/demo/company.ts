/**
 * A generated company: people with attributes, entitlements, and who holds what. The same options give the same company.
 * Rows are typed arrays and names are made on demand, so that a million people fit in a few hundred megabytes.
 */

import type { Attribute } from "../events/event.ts";
import { AccessPlan, type CompanyEntitlement } from "./access.ts";
import { FIRST_NAMES } from "./names.ts";
import { ATTRIBUTES, ATTRIBUTES_MIN, Organisation, type Profile } from "./organisation.ts";
import { Prng } from "./prng.ts";

export interface CompanyOptions {
  readonly people: number;
  readonly seed: number;
  /** How many attributes a person has, 8 to 15; 8 unless told otherwise. */
  readonly attributes?: number;
}

export interface Company {
  readonly people: number;
  readonly seed: number;
  readonly attributes: readonly string[];
  readonly organisation: Organisation;
  readonly plan: AccessPlan;
  readonly entitlements: readonly CompanyEntitlement[];
  /** Values of person p: `profileWidth` numbers from p × `profileWidth`, indexes into `organisation.values`. */
  readonly profiles: Uint32Array;
  readonly profileWidth: number;
  /** Entitlements of person p: `held[heldFrom[p]]` up to, not including, `held[heldFrom[p + 1]]`. */
  readonly heldFrom: Uint32Array;
  readonly held: Uint32Array;
}

const SAMPLE_MAX = 20_000;
/** Streams of random numbers that must not move each other. */
const PEOPLE_STREAM = 1;
const PLAN_STREAM = 2;
const ACCESS_STREAM = 3;

export const makeCompany = ({ people, seed, attributes = ATTRIBUTES_MIN }: CompanyOptions): Company => {
  if (!Number.isInteger(people) || people < 1) throw new RangeError("people must be a whole number, at least 1");
  if (!Number.isInteger(attributes) || attributes < ATTRIBUTES_MIN || attributes > ATTRIBUTES.length) {
    throw new RangeError(`attributes must be a whole number from ${ATTRIBUTES_MIN} to ${ATTRIBUTES.length}`);
  }
  const peoplePrng = new Prng(seed, PEOPLE_STREAM);
  const organisation = new Organisation(people, peoplePrng);
  const profileWidth = ATTRIBUTES.length;
  const profiles = new Uint32Array(people * profileWidth);
  const rowOf = (person: number): Uint32Array => profiles.subarray(person * profileWidth, (person + 1) * profileWidth);
  for (let person = 0; person < people; person += 1) organisation.draw(peoplePrng, rowOf(person));

  const sample = Array.from({ length: Math.min(people, SAMPLE_MAX) }, (_, person) => Array.from(rowOf(person)));
  const plan = new AccessPlan(people, organisation, sample, new Prng(seed, PLAN_STREAM));
  const { heldFrom, held } = giveAccess(people, plan, rowOf, new Prng(seed, ACCESS_STREAM));
  return {
    people,
    seed,
    attributes: ATTRIBUTES.slice(0, attributes),
    organisation,
    plan,
    entitlements: plan.entitlements,
    profiles,
    profileWidth,
    heldFrom,
    held,
  };
};

const giveAccess = (
  people: number,
  plan: AccessPlan,
  rowOf: (person: number) => Uint32Array,
  prng: Prng,
): { heldFrom: Uint32Array; held: Uint32Array } => {
  const heldFrom = new Uint32Array(people + 1);
  const givenTo = new Int32Array(plan.entitlements.length).fill(-1);
  let held = new Uint32Array(people * 16 + 256);
  let count = 0;
  for (let person = 0; person < people; person += 1) {
    plan.draw(prng, rowOf(person), (entitlement) => {
      if (givenTo[entitlement] === person) return;
      givenTo[entitlement] = person;
      if (count === held.length) {
        const grown = new Uint32Array(Math.ceil(count * 1.5));
        grown.set(held);
        held = grown;
      }
      held[count++] = entitlement;
    });
    heldFrom[person + 1] = count;
  }
  return { heldFrom, held: held.slice(0, count) };
};

/** User id of a person: karen.11. People who join later count on from the last one. */
export const userOf = (person: number): string => `${FIRST_NAMES[person % FIRST_NAMES.length]}.${person + 1}`;

/** A person's attributes as events carry them. */
export const attributesOf = (company: Company, profile: Profile): Attribute[] => {
  const values = company.organisation.values;
  return company.attributes.map((name, attribute) => [name, [values[attribute]![profile[attribute]!]!]]);
};

export const profileOf = (company: Company, person: number): Uint32Array =>
  company.profiles.subarray(person * company.profileWidth, (person + 1) * company.profileWidth);

/** Indexes of the entitlements that a person holds at the start. */
export const heldBy = (company: Company, person: number): Uint32Array =>
  company.held.subarray(company.heldFrom[person], company.heldFrom[person + 1]);
