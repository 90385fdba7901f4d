/**
 * The shape of the generated company: its values per attribute, who depends on whom, and how a person is drawn or moves.
 *  1. Dependencies hold for everybody who never moved: COST_CENTRE → DEPT → DIVISION, CITY → COUNTRY → REGION and COMPANY,
 *     BUILDING → CITY; JOB belongs to the family of DEPT; TEAM to a DEPT in a COUNTRY; GRADE lies around the job's own.
 *  2. Group sizes are skewed (Zipf).
 *  3. A person is a row of value indexes, one per attribute, in the order of ATTRIBUTES.
 */
import {
  CITIES,
  CITY_SUFFIXES,
  DEPARTMENT_SUFFIXES,
  FAMILIES,
  type Family,
  JOB_PREFIXES,
  REGION_OF_COUNTRY,
} from "./names.ts";
import { type Prng, WeightedIndex } from "./prng.ts";

export const ATTRIBUTES = [
  "DEPT",
  "JOB",
  "CITY",
  "COUNTRY",
  "COST_CENTRE",
  "EMPLOYEE_TYPE",
  "GRADE",
  "TEAM",
  "DIVISION",
  "BUILDING",
  "COMPANY",
  "REGION",
  "HIRE_YEAR",
  "SHIFT",
  "LANGUAGE",
] as const;
export const ATTRIBUTES_MIN = 8;

export const DEPT = 0;
export const JOB = 1;
export const CITY = 2;
export const COUNTRY = 3;
export const COST_CENTRE = 4;
export const EMPLOYEE_TYPE = 5;
export const GRADE = 6;
export const TEAM = 7;
const DIVISION = 8;
const BUILDING = 9;
const COMPANY = 10;
const REGION = 11;
const HIRE_YEAR = 12;
const SHIFT = 13;
const LANGUAGE = 14;

export const CONTRACTOR = 1;
const EMPLOYEE_TYPES = ["Employee", "Contractor", "Intern", "Temporary"];
const GRADES = Array.from({ length: 10 }, (_, grade) => `G${grade + 1}`);
const SHIFTS = ["Day", "Early", "Late", "Night"];
const HIRE_YEARS = Array.from({ length: 25 }, (_, year) => String(2001 + year));
const TEAM_SIZE = 12;
const MOVE_TRIES = 8;

/** A person's values, as indexes into `Organisation.values`. */
export type Profile = Uint32Array | number[];

/** One to some of the attributes that change together. */
export type Move = readonly number[];
/** The moves of one attribute, and those of three. */
export const SINGLE_MOVES: readonly Move[] = [[JOB], [CITY], [COST_CENTRE], [EMPLOYEE_TYPE], [GRADE], [TEAM]];
export const TRIPLE_MOVES: readonly Move[] = [
  [DEPT, COST_CENTRE, JOB],
  [CITY, COUNTRY, TEAM],
  [JOB, GRADE, COST_CENTRE],
];

interface Department {
  readonly family: Family;
  readonly division: number;
  readonly jobs: readonly number[];
  readonly costCentres: readonly number[];
  readonly nonEmployees: number;
}

/** How many values a company of this size has: grows by `factor` for ten times the people. */
const grown = (people: number, at10k: number, factor: number, min: number, max: number): number =>
  Math.round(Math.min(max, Math.max(min, at10k * factor ** (Math.log10(people) - 4))));

class ValueList {
  readonly names: string[] = [];
  private readonly known = new Map<string, number>();

  index(name: string): number {
    const existing = this.known.get(name);
    if (existing !== undefined) return existing;
    this.known.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}

export class Organisation {
  private readonly lists: readonly ValueList[] = ATTRIBUTES.map(() => new ValueList());
  private readonly departments: readonly Department[];
  private readonly departmentSizes: WeightedIndex;
  private readonly citySizes: WeightedIndex;
  private readonly citiesOfCountry: number[][] = [];
  private readonly countryOfCity: number[] = [];
  private readonly gradeOfJob: number[] = [];
  private readonly zipfs = new Map<number, WeightedIndex>();
  private readonly teamsOfCell = new Map<number, number[]>();
  private readonly peoplePerCell: (department: number, country: number) => number;

  constructor(people: number, prng: Prng) {
    const departmentCount = grown(people, 24, 2.2, 6, FAMILIES.length * DEPARTMENT_SUFFIXES.length);
    const cityCount = grown(people, 36, 2.8, 5, CITIES.length * CITY_SUFFIXES.length);
    const costCentreCount = grown(people, 140, 5, 12, 8000);
    const jobVariants = grown(people, 1.4, 1.8, 1, JOB_PREFIXES.length);
    for (const [attribute, names] of [
      [EMPLOYEE_TYPE, EMPLOYEE_TYPES],
      [GRADE, GRADES],
      [SHIFT, SHIFTS],
      [HIRE_YEAR, HIRE_YEARS],
    ] as const) {
      for (const name of names) this.value(attribute, name);
    }
    this.makeCities(cityCount);
    const departmentWeights = Array.from({ length: departmentCount }, (_, index) => (index + 1) ** -0.8);
    const cityWeights = Array.from({ length: cityCount }, (_, index) => (index + 1) ** -0.9);
    this.departmentSizes = new WeightedIndex(departmentWeights);
    this.citySizes = new WeightedIndex(cityWeights);
    const departmentSum = departmentWeights.reduce((sum, weight) => sum + weight, 0);
    const citySum = cityWeights.reduce((sum, weight) => sum + weight, 0);
    this.departments = departmentWeights.map((weight, index) =>
      this.makeDepartment(
        index,
        Math.max(1, Math.round((costCentreCount * weight) / departmentSum)),
        jobVariants,
        prng,
      ),
    );
    this.peoplePerCell = (department, country) => {
      const share = this.citiesOfCountry[country]!.reduce((sum, city) => sum + cityWeights[city]!, 0) / citySum;
      return (people * share * departmentWeights[department]!) / departmentSum;
    };
  }

  /** The values of every attribute by index; grows while people are drawn. */
  get values(): readonly (readonly string[])[] {
    return this.lists.map((list) => list.names);
  }

  familyOf(department: number): Family {
    return this.departments[department]!.family;
  }

  draw(prng: Prng, profile: Profile): void {
    const department = this.departmentSizes.draw(prng);
    const unit = this.departments[department]!;
    const city = this.citySizes.draw(prng);
    profile[DEPT] = department;
    profile[CITY] = city;
    profile[COUNTRY] = this.countryOfCity[city]!;
    profile[COST_CENTRE] = this.skewed(unit.costCentres, prng);
    profile[JOB] = this.skewed(unit.jobs, prng);
    profile[EMPLOYEE_TYPE] = prng.chance(unit.nonEmployees) ? 1 + this.zipf(3).draw(prng) : 0;
    profile[GRADE] = this.gradeAround(profile[JOB], prng);
    profile[TEAM] = this.drawTeam(profile, prng);
    profile[HIRE_YEAR] = prng.below(HIRE_YEARS.length);
    profile[SHIFT] = this.zipf(SHIFTS.length).draw(prng);
    this.drawPlace(profile, prng);
    this.followDependencies(profile);
  }

  /** Changes the attributes of the move, each to another value where there is one. */
  move(prng: Prng, move: Move, profile: Profile): void {
    for (const attribute of move) {
      const before = profile[attribute]!;
      for (let tries = 0; tries < MOVE_TRIES && profile[attribute] === before; tries += 1) {
        profile[attribute] = this.drawAgain(attribute, move, profile, prng);
        if (attribute === CITY && move.includes(COUNTRY)) {
          if (this.countryOfCity[profile[CITY]!] === profile[COUNTRY]) profile[CITY] = before;
        }
      }
    }
    if (move.includes(CITY)) this.drawPlace(profile, prng);
    this.followDependencies(profile);
  }

  private drawAgain(attribute: number, move: Move, profile: Profile, prng: Prng): number {
    const unit = this.departments[profile[DEPT]!]!;
    switch (attribute) {
      case DEPT:
        return this.departmentSizes.draw(prng);
      case JOB:
        return this.skewed(unit.jobs, prng);
      case CITY:
        return move.includes(COUNTRY) ? this.citySizes.draw(prng) : prng.pick(this.citiesOfCountry[profile[COUNTRY]!]!);
      case COUNTRY:
        return this.countryOfCity[profile[CITY]!]!;
      case COST_CENTRE:
        return this.skewed(unit.costCentres, prng);
      case EMPLOYEE_TYPE:
        return prng.chance(0.7) ? 0 : CONTRACTOR;
      case GRADE:
        return this.gradeAround(profile[JOB]!, prng);
      default:
        return this.drawTeam(profile, prng);
    }
  }

  private drawPlace(profile: Profile, prng: Prng): void {
    const city = this.lists[CITY]!.names[profile[CITY]!]!;
    const country = this.lists[COUNTRY]!.names[profile[COUNTRY]!]!;
    profile[BUILDING] = this.value(BUILDING, `${city} ${1 + this.zipf(3).draw(prng)}`);
    profile[LANGUAGE] = this.value(LANGUAGE, prng.chance(0.3) ? "en" : country.toLowerCase());
  }

  private followDependencies(profile: Profile): void {
    const country = this.lists[COUNTRY]!.names[profile[COUNTRY]!]!;
    profile[DIVISION] = this.departments[profile[DEPT]!]!.division;
    profile[COMPANY] = this.value(COMPANY, `Corollary ${country}`);
    profile[REGION] = this.value(REGION, REGION_OF_COUNTRY[country] ?? "EMEA");
  }

  private drawTeam(profile: Profile, prng: Prng): number {
    const [department, country] = [profile[DEPT]!, profile[COUNTRY]!];
    const cell = department * 1024 + country;
    let teams = this.teamsOfCell.get(cell);
    if (teams === undefined) {
      const label = `${this.lists[DEPT]!.names[department]} ${this.lists[COUNTRY]!.names[country]}`;
      const count = Math.max(1, Math.round(this.peoplePerCell(department, country) / TEAM_SIZE));
      teams = Array.from({ length: count }, (_, index) => this.value(TEAM, `${label} ${index + 1}`));
      this.teamsOfCell.set(cell, teams);
    }
    return prng.pick(teams);
  }

  private makeCities(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const [city, country] = CITIES[index % CITIES.length]!;
      const cityIndex = this.value(CITY, city + CITY_SUFFIXES[Math.floor(index / CITIES.length)]!);
      const countryIndex = this.value(COUNTRY, country);
      this.countryOfCity[cityIndex] = countryIndex;
      this.citiesOfCountry[countryIndex] ??= [];
      this.citiesOfCountry[countryIndex].push(cityIndex);
    }
  }

  private makeDepartment(index: number, costCentres: number, jobVariants: number, prng: Prng): Department {
    const family = FAMILIES[index % FAMILIES.length]!;
    this.value(DEPT, family.department + DEPARTMENT_SUFFIXES[Math.floor(index / FAMILIES.length)]!);
    const jobs = JOB_PREFIXES.slice(0, jobVariants).flatMap((prefix) =>
      family.jobs.map((job) => this.value(JOB, prefix + job)),
    );
    for (const job of jobs) this.gradeOfJob[job] ??= 1 + prng.below(GRADES.length - 2);
    return {
      family,
      division: this.value(DIVISION, family.division),
      jobs,
      costCentres: Array.from({ length: costCentres }, (_, unit) =>
        this.value(COST_CENTRE, `CC-${index + 1}-${unit + 1}`),
      ),
      nonEmployees: 0.08 + 0.2 * prng.fraction(),
    };
  }

  private gradeAround(job: number, prng: Prng): number {
    const around = this.gradeOfJob[job]! + prng.pick([-1, 0, 0, 0, 1]);
    return Math.min(GRADES.length - 1, Math.max(0, around));
  }

  private skewed(values: readonly number[], prng: Prng): number {
    return values[this.zipf(values.length).draw(prng)]!;
  }

  private zipf(groups: number): WeightedIndex {
    let index = this.zipfs.get(groups);
    if (index === undefined) this.zipfs.set(groups, (index = WeightedIndex.zipf(groups, 1)));
    return index;
  }

  private value(attribute: number, name: string): number {
    return this.lists[attribute]!.index(name);
  }
}
