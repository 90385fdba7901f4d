import { describe, expect, test } from "vitest";
import { attributesOf, type Company, heldBy, makeCompany, profileOf, userOf } from "../../src/demo/company.ts";
import { assignmentLines, entitlementLines, identityLines } from "../../src/demo/company-csv.ts";
import { CITY, COST_CENTRE, COUNTRY, DEPT } from "../../src/demo/organisation.ts";

const NOW = Date.UTC(2026, 0, 5);
const company = makeCompany({ people: 1000, seed: 7 });

/** Values of `of` by the value of `by`: one each where `by` decides `of`. */
const dependents = (made: Company, by: number, of: number): number => {
  const seen = new Map<number, Set<number>>();
  for (let person = 0; person < made.people; person += 1) {
    const profile = profileOf(made, person);
    seen.set(profile[by]!, (seen.get(profile[by]!) ?? new Set()).add(profile[of]!));
  }
  return Math.max(...[...seen.values()].map((values) => values.size));
};

describe("makeCompany", () => {
  test("gives the same company for the same options, another for another seed", () => {
    const again = makeCompany({ people: 1000, seed: 7 });
    expect(again.held).toEqual(company.held);
    expect(again.profiles).toEqual(company.profiles);
    expect(again.entitlements).toEqual(company.entitlements);
    expect(makeCompany({ people: 1000, seed: 8 }).held).not.toEqual(company.held);
  });

  test("keeps its dependencies", () => {
    expect(dependents(company, COST_CENTRE, DEPT)).toBe(1);
    expect(dependents(company, CITY, COUNTRY)).toBe(1);
    expect(dependents(company, DEPT, CITY)).toBeGreaterThan(5);
  });

  test("holds each entitlement once a person, and around ten a person", () => {
    for (let person = 0; person < company.people; person += 1) {
      const held = heldBy(company, person);
      expect(new Set(held).size).toBe(held.length);
    }
    const perPerson = company.held.length / company.people;
    expect(perPerson).toBeGreaterThan(7);
    expect(perPerson).toBeLessThan(12);
  });

  test("has 8 to 15 attributes", () => {
    const wide = makeCompany({ people: 50, seed: 1, attributes: 15 });
    const attributes = attributesOf(wide, profileOf(wide, 3));
    expect(attributes).toHaveLength(15);
    for (const [, values] of attributes) expect(values[0]).toBeTypeOf("string");
    expect(() => makeCompany({ people: 50, seed: 1, attributes: 16 })).toThrow(/8 to 15/);
    expect(() => makeCompany({ people: 0, seed: 1 })).toThrow(/at least 1/);
  });

  test("names every entitlement once", () => {
    const names = company.entitlements.map(({ entitlement }) => entitlement);
    expect(new Set(names).size).toBe(names.length);
    expect(names.some((name) => name.includes("undefined"))).toBe(false);
  });

  test("is written as CSV that needs no quotes", () => {
    const [identities, entitlements, assignments] = [
      [...identityLines(company)],
      [...entitlementLines(company)],
      [...assignmentLines(company, NOW)],
    ];
    expect(identities[0]).toBe("USR_KEY,DEPT,JOB,CITY,COUNTRY,COST_CENTRE,EMPLOYEE_TYPE,GRADE,TEAM\n");
    expect(identities).toHaveLength(1001);
    expect(identities[11]).toContain(userOf(10));
    expect(entitlements).toHaveLength(company.entitlements.length + 1);
    expect(assignments).toHaveLength(company.held.length + 1);
    for (const lines of [identities, entitlements, assignments]) {
      const columns = lines[0]!.split(",").length;
      for (const line of lines) expect(line.split(",")).toHaveLength(columns);
      expect(lines.join("")).not.toMatch(/["\r]|undefined/);
    }
    expect(assignments[1]).toMatch(/^alice\.1,[^,]+,(High)?,20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\n$/);
  });
});
