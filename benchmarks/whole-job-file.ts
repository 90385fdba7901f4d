/** A company and the events after it in numbers, as `peers/differential` reads them; see there for the lines. */
import { attributesOf, type Company, heldBy, profileOf, userOf } from "../src/demo/company.ts";
import type { Attribute, InputEvent } from "../src/events/event.ts";
import { Codes } from "./digest.ts";

export interface WholeJob {
  readonly lines: Iterable<string>;
  readonly codes: Codes;
}

export function wholeJob(company: Company, events: readonly InputEvent[]): WholeJob {
  const codes = codesOf(company, events);
  return { codes, lines: linesOf(company, events, codes) };
}

function codesOf(company: Company, events: readonly InputEvent[]): Codes {
  const users = new Set(Array.from({ length: company.people }, (_, person) => userOf(person)));
  const items = new Map<string, { attribute: string; value: string }>();
  const add = (attributes: readonly Attribute[]): void => {
    for (const [attribute, values] of attributes) {
      for (const value of values) items.set(`${attribute} ${value}`, { attribute, value });
    }
  };
  for (let person = 0; person < company.people; person += 1) add(attributesOf(company, profileOf(company, person)));
  for (const event of events) {
    if ("attributes" in event) add(event.attributes);
    if ("user" in event) users.add(event.user);
  }
  return new Codes(
    [...users],
    company.entitlements.map(({ entitlement }) => entitlement),
    [...items.values()],
  );
}

function* linesOf(company: Company, events: readonly InputEvent[], codes: Codes): Generator<string, void> {
  /** Items of every user by attribute; leavers keep theirs, in case they return. */
  const known = new Map<number, Map<string, number>>();
  const itemsOf = (attributes: readonly Attribute[]): Map<string, number> =>
    new Map(
      attributes.flatMap(([attribute, [value]]) =>
        value === undefined ? [] : [[attribute, codes.item({ attribute, value })]],
      ),
    );
  for (let person = 0; person < company.people; person += 1) {
    const items = itemsOf(attributesOf(company, profileOf(company, person)));
    known.set(person, items);
    for (const item of items.values()) yield `I ${person} ${item}\n`;
    for (const entitlement of heldBy(company, person)) yield `A ${person} ${entitlement}\n`;
  }
  for (const event of events) {
    yield "E\n";
    switch (event.type) {
      case "assignment.granted":
        yield `+A ${codes.user(event.user)} ${codes.entitlement(event.entitlement)}\n`;
        break;
      case "assignment.revoked":
        yield `-A ${codes.user(event.user)} ${codes.entitlement(event.entitlement)}\n`;
        break;
      case "identity.upserted": {
        const user = codes.user(event.user);
        known.set(user, itemsOf(event.attributes));
        for (const item of known.get(user)!.values()) yield `+I ${user} ${item}\n`;
        break;
      }
      case "identity.changed": {
        const user = codes.user(event.user);
        for (const [attribute, item] of itemsOf(event.attributes)) {
          yield `-I ${user} ${known.get(user)!.get(attribute)}\n`;
          yield `+I ${user} ${item}\n`;
          known.get(user)!.set(attribute, item);
        }
        break;
      }
      case "identity.removed": {
        const user = codes.user(event.user);
        for (const item of known.get(user)!.values()) yield `-I ${user} ${item}\n`;
        break;
      }
      default:
        break;
    }
  }
}
