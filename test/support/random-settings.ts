/** Settings of a random run: every one of them takes part. */
import type { Exclusion, Fraction, Override, Settings } from "../../src/core/settings.ts";
import type { Company } from "./random-company.ts";
import type { RandomSource } from "./random-source.ts";

function hundredths(numerator: number): Fraction {
  return { numerator, denominator: 100 };
}

export const KINDS = ["employee", "contractor", "service"];
export const SOURCES = ["exception", "break-glass", "import"];

/** `materialities`: to pick from, in hundredths. */
export function randomSettings(random: RandomSource, company: Company, materialities: readonly number[]): Settings {
  const thousandths = { numerator: 667, denominator: 1_000 };
  return {
    features: random.chance(0.25) ? randomFeatures(random, company) : null,
    maxRuleLength: random.between(1, 4),
    minSupport: random.pick([1, 2, 2, 3, 3, 4, 5]),
    confidenceWindow: random.pick([hundredths(5), hundredths(0), hundredths(20), hundredths(40)]),
    recommendThreshold: random.pick([hundredths(80), hundredths(80), hundredths(50), hundredths(100), thousandths]),
    ...random.pick([
      { bandHigh: hundredths(75), bandMedium: hundredths(35) },
      { bandHigh: hundredths(75), bandMedium: hundredths(35) },
      { bandHigh: hundredths(90), bandMedium: hundredths(60) },
    ]),
    materiality: hundredths(random.pick(materialities)),
    materialitySupport: hundredths(random.pick([10, 10, 50])),
    learningExclude: random.chance(0.5) ? randomExclusion(random, company) : { ...NOTHING, sources: ["exception"] },
    recommendExclude: random.chance(0.3) ? { ...randomExclusion(random, company), sources: [] } : NOTHING,
    birthrightAbove: random.chance(0.2) ? hundredths(random.pick([20, 30, 50])) : null,
    overrides: randomOverrides(random, company),
    unusedAfterDays: random.pick([1, 30, 90]),
  };
}

const NOTHING: Exclusion = { sources: [], kinds: [], tags: [], applications: [], entitlements: [] };

function randomFeatures(random: RandomSource, company: Company): string[] {
  const names = company.attributes.map(({ name }) => name);
  return [...random.sample(names, random.between(1, names.length)), "no such attribute"];
}

function randomExclusion(random: RandomSource, company: Company): Exclusion {
  const some = (from: readonly string[]): string[] => (random.chance(0.3) ? [random.pick(from)] : []);
  return {
    sources: some(SOURCES),
    kinds: some(KINDS),
    tags: some(company.tags),
    applications: random.chance(0.3) ? some(company.applications) : [],
    entitlements: some(company.entitlements.map(({ name }) => name)),
  };
}

function randomOverrides(random: RandomSource, company: Company): Override[] {
  const applications = random.chance(0.25) ? random.sample(company.applications, 1) : [];
  const names = company.entitlements.map(({ name }) => name);
  const entitlements = random.chance(0.35) ? random.sample(names, random.between(1, 2)) : [];
  return random.shuffle([
    ...applications.map((application) => ({ application, entitlement: null, ...randomFields(random) })),
    ...entitlements.map((entitlement) => ({ application: null, entitlement, ...randomFields(random) })),
  ]);
}

function randomFields(random: RandomSource): Omit<Override, "application" | "entitlement"> {
  const some = <T>(from: readonly T[]): T | null => (random.chance(0.4) ? random.pick(from) : null);
  return {
    minSupport: some([1, 2, 3, 6]),
    recommendThreshold: some([hundredths(60), hundredths(95), hundredths(35)]),
    excludeLearning: some([true, false, false]),
    excludeRecommend: some([true, false, false]),
  };
}
