/** The people and things of a random run, with names that are easily compared, keyed or escaped wrongly. */
import type { RandomSource } from "./random-source.ts";

export interface RandomAttribute {
  readonly name: string;
  readonly values: readonly string[];
  readonly isMultiValued: boolean;
}

export interface RandomEntitlement {
  readonly name: string;
  readonly application: string;
  readonly home: { readonly attribute: string; readonly value: string };
}

export interface Company {
  readonly users: readonly string[];
  readonly attributes: readonly RandomAttribute[];
  readonly entitlements: readonly RandomEntitlement[];
  readonly applications: readonly string[];
  readonly tags: readonly string[];
  /** The share of attributes that a person has. Where it is low, groups overlap less. */
  readonly filled: number;
  /** What the generator believes a person's attributes to be. */
  readonly believed: Map<string, Map<string, readonly string[]>>;
  /** Who has left, as the generator believes. */
  readonly left: Set<string>;
}

const AWKWARD = [
  "\uFF5E",
  "\u{1F600}",
  "\u{10000}",
  "\uE000",
  "__proto__",
  "constructor",
  "a b",
  '"',
  ",",
  "7",
  "é",
  "e\u0301",
  "\u0001",
];

export function randomCompany(random: RandomSource): Company {
  const attributes = randomAttributes(random);
  const applications = ["Ledger", "\u{1F4BC}", "constructor"].slice(0, random.between(1, 3));
  const names = named(random, "E", random.between(3, 14));
  const entitlements = names.map((name) => {
    const { name: attribute, values } = random.pick(attributes);
    return { name, application: random.pick(applications), home: { attribute, value: random.pick(values) } };
  });
  const users = named(random, "user.", random.between(10, 40));
  return {
    users,
    attributes,
    entitlements,
    applications,
    tags: ["privileged", "\uFF5E", "t"],
    filled: random.pick([0.95, 0.95, 0.5]),
    believed: new Map(),
    left: new Set(),
  };
}

function randomAttributes(random: RandomSource): RandomAttribute[] {
  const names = named(random, "ATTRIBUTE ", random.between(2, 6));
  const multiValued = random.between(0, names.length - 1);
  return names.map((name, i) => ({
    name,
    values: random.sample(["Finance", "HR", ...AWKWARD], random.between(2, 4)),
    isMultiValued: i === multiValued,
  }));
}

function named(random: RandomSource, prefix: string, count: number): string[] {
  const awkward = random.sample(AWKWARD, Math.min(random.between(0, 4), count));
  const plain = Array.from({ length: count - awkward.length }, (_, i) => `${prefix}${i + 1}`);
  return random.shuffle([...plain, ...awkward]);
}

/** Values in the order of code points, as decoding leaves them distinct. */
export function randomValues(random: RandomSource, attribute: RandomAttribute): string[] {
  if (random.chance(0.08)) return [];
  if (!attribute.isMultiValued) return [random.pick(attribute.values)];
  return random.sample([...attribute.values].sort(), random.between(0, 3)).sort();
}
