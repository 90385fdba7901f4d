import { describe, expect, test } from "vitest";
import { heldBy, makeCompany, userOf } from "../../src/demo/company.ts";
import { companyEvents } from "../../src/demo/stream.ts";
import type { InputEvent } from "../../src/events/event.ts";

const company = makeCompany({ people: 500, seed: 3 });
const take = (count: number, options: Parameters<typeof companyEvents>[1]): InputEvent[] => {
  const stream = companyEvents(company, options);
  return Array.from({ length: count }, () => stream.next().value);
};
const events = take(20_000, { seed: 3 });

describe("companyEvents", () => {
  test("keeps the shares of workload W, of events", () => {
    const count = (...types: string[]): number =>
      (events.filter(({ type }) => types.includes(type)).length / events.length) * 100;
    expect(count("assignment.granted", "assignment.revoked")).toBeCloseTo(55, -0.5);
    expect(count("assignment.used")).toBeCloseTo(25, -0.5);
    expect(count("identity.changed")).toBeCloseTo(12, -0.3);
    expect(count("identity.upserted")).toBeCloseTo(4, 0);
    expect(count("identity.removed")).toBeCloseTo(4, 0);
    const movers = events.filter((event) => event.type === "identity.changed");
    const triple = movers.filter((event) => "attributes" in event && event.attributes.length === 3);
    expect(triple.length / movers.length).toBeCloseTo(1 / 3, 1);
  });

  test("says only what is news: grants of what is not held, revocations and use of what is, moves of the active", () => {
    const held = new Set<string>();
    const active = new Set<string>();
    for (let person = 0; person < company.people; person += 1) {
      active.add(userOf(person));
      for (const index of heldBy(company, person)) {
        held.add(`${userOf(person)}|${company.entitlements[index]!.entitlement}`);
      }
    }
    for (const event of events) {
      switch (event.type) {
        case "identity.upserted":
          expect(active.has(event.user)).toBe(false);
          active.add(event.user);
          break;
        case "identity.changed":
          expect(active.has(event.user)).toBe(true);
          expect(event.attributes.length).toBeGreaterThan(0);
          break;
        case "identity.removed":
          expect(active.delete(event.user)).toBe(true);
          break;
        case "assignment.granted":
          expect(active.has(event.user)).toBe(true);
          expect(held.has(`${event.user}|${event.entitlement}`)).toBe(false);
          held.add(`${event.user}|${event.entitlement}`);
          break;
        case "assignment.revoked":
          expect(held.delete(`${event.user}|${event.entitlement}`)).toBe(true);
          break;
        case "assignment.used":
          expect(held.has(`${event.user}|${event.entitlement}`)).toBe(true);
          break;
        default:
          expect.unreachable(event.type);
      }
    }
  });

  test("goes on where it was, with ids and times", () => {
    const options = { seed: 9, idPrefix: "w-", times: { startMs: 1_000_000, intervalMs: 10 } };
    const whole = take(300, options);
    expect(take(200, { ...options, skip: 100 })).toEqual(whole.slice(100));
    expect(whole[100]).toMatchObject({ id: "w-100", at: 1_001_000 });
    expect(take(300, { ...options, seed: 10 })).not.toEqual(whole);
  });

  test("goes on for long without running dry", () => {
    const small = makeCompany({ people: 60, seed: 1 });
    const stream = companyEvents(small, { seed: 1 });
    const types = new Set<string>();
    for (let count = 0; count < 60_000; count += 1) {
      const { type } = stream.next().value;
      if (count > 50_000) types.add(type);
    }
    expect(types.size).toBe(6);
  });
});
