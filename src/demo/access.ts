/**
 * Who is given what in the generated company: planted rules ("people with these values have this entitlement, with this
 * probability"), birthright access for everybody, and noise that follows no rule.
 */
import {
  BIRTHRIGHT,
  BIRTHRIGHT_OF_CONTRACTORS,
  COMMON_APPLICATIONS,
  PERMISSIONS,
  SITE_APPLICATIONS,
  TEAM_APPLICATIONS,
} from "./names.ts";
import {
  CITY,
  CONTRACTOR,
  COST_CENTRE,
  COUNTRY,
  DEPT,
  EMPLOYEE_TYPE,
  GRADE,
  JOB,
  type Organisation,
  type Profile,
  TEAM,
} from "./organisation.ts";
import { type Prng, WeightedIndex } from "./prng.ts";

export interface CompanyEntitlement {
  readonly entitlement: string;
  readonly application: string;
  readonly risk: "low" | "medium" | "high" | "critical";
}

/** People with all of these values get the entitlement with this probability. */
export interface PlantedRule {
  readonly items: readonly (readonly [attribute: number, value: number])[];
  readonly entitlement: number;
  readonly probability: number;
}

/** Whose people rules are planted for, and how often. */
const SHAPES: readonly (readonly [attributes: readonly number[], weight: number])[] = [
  [[DEPT], 6],
  [[JOB], 14],
  [[CITY], 6],
  [[COUNTRY], 2],
  [[COST_CENTRE], 14],
  [[TEAM], 12],
  [[JOB, CITY], 12],
  [[DEPT, CITY], 10],
  [[DEPT, GRADE], 6],
  [[JOB, COUNTRY], 6],
  [[JOB, EMPLOYEE_TYPE], 4],
  [[CITY, EMPLOYEE_TYPE], 2],
  [[COST_CENTRE, GRADE], 4],
  [[DEPT, COUNTRY, GRADE], 2],
];
/** [share of the rules, least probability, range above it] */
const PROBABILITIES: readonly (readonly [share: number, least: number, range: number])[] = [
  [0.6, 0.85, 0.14],
  [0.25, 0.5, 0.35],
  [0.15, 0.1, 0.4],
];
const SECOND_RULE_SHARE = 0.25;
const RULES_MAX = 60_000;
const BIRTHRIGHT_PROBABILITY = 0.98;
/** Contractors get less of what employees around them have. */
const CONTRACTOR_FACTOR = 0.5;
const NOISE_EXPONENT = 0.6;
const RISKS = ["low", "low", "low", "medium", "medium", "high", "critical"] as const;

/** How many assignments a person of a company of this size has, planted and birthright ones. */
const plannedPerPerson = (people: number): number => {
  const decades = Math.log10(people);
  return decades <= 4
    ? 10.2 + (decades - 4) * 1.5
    : decades <= 5
      ? 10.2 + (decades - 4) * 6.1
      : 16.3 + (decades - 5) * 4.5;
};
/** Mean number of grants a person has that follow no rule. */
const NOISE_PER_PERSON = 1;

export class AccessPlan {
  readonly entitlements: CompanyEntitlement[] = [];
  readonly rules: PlantedRule[] = [];
  private readonly names = new Map<string, number>();
  /** Rules by one of their items: [attribute][value]. */
  private readonly byItem: PlantedRule[][][] = [];
  private readonly popularity: WeightedIndex;

  /** `sample`: rows of people to measure how broad a rule is; `drawPerson`: somebody whose values a rule is planted for. */
  constructor(people: number, organisation: Organisation, sample: readonly Profile[], prng: Prng) {
    const values = organisation.values;
    for (const [entitlement, application] of BIRTHRIGHT) this.addEntitlement(entitlement, application, "", prng);
    const shapeSizes = new WeightedIndex(SHAPES.map(([, weight]) => weight));
    let planned = BIRTHRIGHT.length * 0.9;
    while (planned < plannedPerPerson(people) && this.rules.length < RULES_MAX) {
      const [shape] = SHAPES[shapeSizes.draw(prng)]!;
      const model = prng.pick(sample);
      const items = shape.map((attribute) => [attribute, model[attribute]!] as const);
      const entitlement =
        this.rules.length > 20 && prng.chance(SECOND_RULE_SHARE)
          ? prng.pick(this.rules).entitlement
          : this.entitlementFor(organisation, values, shape, model, prng);
      const rule = { items, entitlement, probability: drawProbability(prng) };
      const share = sample.reduce((count, profile) => count + (matches(rule, profile) ? 1 : 0), 0) / sample.length;
      planned += rule.probability * share;
      this.plant(rule);
    }
    this.popularity = WeightedIndex.zipf(this.entitlements.length, NOISE_EXPONENT);
  }

  /** The entitlements that a joiner gets on the first day. */
  birthright(profile: Profile): number[] {
    const count = profile[EMPLOYEE_TYPE] === CONTRACTOR ? BIRTHRIGHT_OF_CONTRACTORS : BIRTHRIGHT.length;
    return Array.from({ length: count }, (_, entitlement) => entitlement);
  }

  /** Everything that a person of this profile has collected; may name an entitlement twice. */
  draw(prng: Prng, profile: Profile, give: (entitlement: number) => void): void {
    for (const entitlement of this.birthright(profile)) if (prng.chance(BIRTHRIGHT_PROBABILITY)) give(entitlement);
    const factor = profile[EMPLOYEE_TYPE] === CONTRACTOR ? CONTRACTOR_FACTOR : 1;
    this.forEachRule(profile, (rule) => {
      if (prng.chance(rule.probability * factor)) give(rule.entitlement);
    });
    for (let left = NOISE_PER_PERSON * 2 * prng.fraction(); left > 0; left -= 1) {
      if (left >= 1 || prng.chance(left)) give(this.drawNoise(prng));
    }
  }

  /** An entitlement that no rule explains. */
  drawNoise(prng: Prng): number {
    return this.popularity.draw(prng);
  }

  forEachRule(profile: Profile, visit: (rule: PlantedRule) => void): void {
    for (let attribute = 0; attribute < this.byItem.length; attribute += 1) {
      const rules = this.byItem[attribute]?.[profile[attribute]!];
      if (rules === undefined) continue;
      for (const rule of rules) if (matches(rule, profile)) visit(rule);
    }
  }

  private plant(rule: PlantedRule): void {
    this.rules.push(rule);
    const [attribute, value] = rule.items[0]!;
    this.byItem[attribute] ??= [];
    const ofAttribute = this.byItem[attribute];
    ofAttribute[value] ??= [];
    ofAttribute[value].push(rule);
  }

  private entitlementFor(
    organisation: Organisation,
    values: readonly (readonly string[])[],
    shape: readonly number[],
    model: Profile,
    prng: Prng,
  ): number {
    const scope = shape
      .filter((attribute) => attribute !== EMPLOYEE_TYPE)
      .map((attribute) => values[attribute]![model[attribute]!]!)
      .join(" ");
    const first = shape[0]!;
    let applications = organisation.familyOf(model[DEPT]!).applications;
    if (first === CITY || first === COUNTRY) applications = SITE_APPLICATIONS;
    else if (first === TEAM) applications = TEAM_APPLICATIONS;
    else if (prng.chance(0.15)) applications = COMMON_APPLICATIONS;
    const application = prng.pick(applications);
    return this.addEntitlement(`${application} ${prng.pick(PERMISSIONS)}`, application, scope, prng);
  }

  /** Adds one under a name that is free: alone, with its scope, or numbered. */
  private addEntitlement(name: string, application: string, scope: string, prng: Prng): number {
    let free = name;
    for (let number = 1; this.names.has(free); number += 1) {
      free = `${name} ${scope}${number === 1 ? "" : ` ${number}`}`;
    }
    this.names.set(free, this.entitlements.length);
    return this.entitlements.push({ entitlement: free, application, risk: prng.pick(RISKS) }) - 1;
  }
}

const matches = (rule: PlantedRule, profile: Profile): boolean =>
  rule.items.every(([attribute, value]) => profile[attribute] === value);

const drawProbability = (prng: Prng): number => {
  let choice = prng.fraction();
  for (const [share, least, range] of PROBABILITIES) {
    if (choice < share) return least + range * prng.fraction();
    choice -= share;
  }
  return 0.9;
};
