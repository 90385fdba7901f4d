import { describe, expect, it } from "vitest";
import { AttributeReport } from "../../src/events/attribute-report.ts";

function report(people: number, useful: number): AttributeReport {
  const result = new AttributeReport();
  for (let index = 0; index < people; index++) {
    result.add([
      ["BADGE", [`b${index}`]],
      ["COUNTRY", ["IT"]],
      ["EMPTY", []],
      ["SKILLS", index % 2 === 0 ? ["a", "b"] : []],
      ...Array.from({ length: useful - 1 }, (_, at) => [`A${at}`, [`v${index % 3}`]] as const),
    ]);
  }
  return result;
}

describe("AttributeReport", () => {
  it("counts rows, nulls and values, and finds identifiers and constants", () => {
    const summaries = report(20, 2).summaries();
    const common = { rows: 20, nulls: 0, likelyIdentifier: false, constant: false, useful: true };
    expect(summaries).toEqual([
      { ...common, attribute: "BADGE", distinct: 20, likelyIdentifier: true, useful: false },
      { ...common, attribute: "COUNTRY", distinct: 1, constant: true, useful: false },
      { ...common, attribute: "EMPTY", nulls: 20, distinct: 0, constant: true, useful: false },
      { ...common, attribute: "SKILLS", nulls: 10, distinct: 2 },
      { ...common, attribute: "A0", distinct: 3 },
    ]);
  });

  it("counts an attribute that only some rows name", () => {
    const result = new AttributeReport();
    result.add([["CITY", ["Rome"]]]);
    result.add([]);
    expect(result.summaries()).toMatchObject([{ attribute: "CITY", rows: 2, nulls: 1 }]);
  });

  it("does not take a handful of people for proof of an identifier", () => {
    expect(report(3, 2).summaries()[0]).toMatchObject({ attribute: "BADGE", likelyIdentifier: false });
  });

  it.each([
    [6, 1],
    [7, 0],
    [15, 0],
    [16, 1],
  ])("with %d useful attributes warns %d times of their number", (useful, times) => {
    const warnings = report(20, useful).warnings();
    expect(warnings.filter((warning) => warning.includes("useful attributes"))).toHaveLength(times);
    expect(warnings.slice(0, 3)).toEqual([
      "BADGE looks like an identifier: 20 different values on 20 people",
      "COUNTRY tells nobody apart: 1 different values",
      "EMPTY tells nobody apart: 0 different values",
    ]);
  });
});
