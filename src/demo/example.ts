/** A company that fits on a page: eleven people, two entitlements. */
import type { InputEvent } from "../events/event.ts";

const PEOPLE: readonly (readonly [user: string, city: string, dept: string])[] = [
  ["alice.1", "San Jose", "Finance"],
  ["bob.2", "San Jose", "Finance"],
  ["chris.3", "San Jose", "Finance"],
  ["diane.4", "San Jose", "HR"],
  ["ellen.5", "San Jose", "HR"],
  ["fred.6", "Austin", "HR"],
  ["gary.7", "Austin", "HR"],
  ["harry.8", "Austin", "HR"],
  ["irene.9", "Dublin", "IT"],
  ["janice.10", "Dublin", "Finance"],
  ["karen.11", "San Jose", "Finance"],
];

const ENTITLEMENTS: readonly (readonly [entitlement: string, application: string])[] = [
  ["Payroll Report", "ADP"],
  ["Expenses", "Expensify"],
];

const HELD: Readonly<Record<string, readonly number[]>> = {
  "Payroll Report": [1, 2, 3, 4, 5, 6, 8, 10],
  Expenses: [1, 2, 3, 7, 9, 11],
};

/** The catalog, then person by person, each followed by what that person is granted. */
export function* exampleEvents(): Generator<InputEvent, void> {
  for (const [entitlement, application] of ENTITLEMENTS)
    yield { type: "entitlement.upserted", entitlement, application };
  for (const [index, [user, city, dept]] of PEOPLE.entries()) {
    const attributes = [["CITY", [city]] as const, ["DEPT", [dept]] as const];
    yield { type: "identity.upserted", user, attributes };
    for (const [entitlement, holders] of Object.entries(HELD)) {
      if (holders.includes(index + 1)) yield { type: "assignment.granted", user, entitlement };
    }
  }
}
