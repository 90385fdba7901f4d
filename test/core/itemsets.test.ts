/** Itemsets that may have rules apart from rare ones, and their numbers, over seeded random people. */
import { describe, expect, test } from "vitest";
import { IntLists } from "../../src/core/int-lists.ts";
import { Items } from "../../src/core/items.ts";
import { Itemsets } from "../../src/core/itemsets.ts";
import { atOnce } from "../../src/core/slices.ts";
import { Prng } from "../../src/demo/prng.ts";

const LENGTH_MAX = 3;
const SUPPORT_FLOOR = 3;
const USERS = 30;

describe("itemsets", () => {
  test("of a user are complete, with those apart that never had support", () => {
    const random = new Prng(11, 0);
    for (let round = 0; round < 40; round++) {
      const { itemsets, people, items } = planted(Array.from({ length: USERS }, () => randomItems(random)));
      const everFrequent = new Set<string>();
      for (let step = 0; step < 40; step++) {
        const members = membersOf(people);
        for (const [key, users] of members) if (users.length >= SUPPORT_FLOOR) everFrequent.add(key);
        for (let user = 0; user < USERS; user++) {
          const [mattering, rare] = [itemsets.sets, itemsets.rare].map((lists) =>
            lists.toArray(user).map((node) => itemsets.itemsOf(node).join(" ")),
          );
          const tracked = [...members.keys()].filter(
            (key) => members.get(key)!.includes(user) && (isSingle(key) || everFrequent.has(parentOf(key))),
          );
          expect([...mattering!, ...rare!].sort()).toEqual(tracked.sort());
          expect(rare!.filter((key) => isSingle(key) || everFrequent.has(key))).toEqual([]);
          expect(mattering!.filter((key) => !isSingle(key) && !everFrequent.has(key))).toEqual([]);
        }
        const user = random.below(USERS);
        people[user] = random.chance(0.2) ? [] : inOrder(randomItems(random), items);
        const { removed, kept, added } = itemsets.assign(user, people[user]);
        expect([...kept, ...added].sort()).toEqual(itemsets.sets.toArray(user).sort());
        expect([...removed].filter((node) => itemsets.isWithin(node, people[user]!))).toEqual([]);
      }
    }
  });

  test("that a batch makes have the lowest numbers when they may have rules, those of a user close to one another", () => {
    const random = new Prng(12, 0);
    const valuesOf = { a: 2, b: 5, c: 12, d: 40, e: 100 };
    const people = Array.from({ length: 1_000 }, () =>
      Object.entries(valuesOf).map(([attribute, values]) => [attribute, String(random.below(values))] as const),
    );
    const { itemsets, rareFrom } = planted(people);
    let numbers = 0;
    let lines = 0;
    for (let user = 0; user < people.length; user++) {
      const own = itemsets.sets.toArray(user);
      expect(Math.max(...own)).toBeLessThan(rareFrom);
      expect(Math.min(rareFrom, ...itemsets.rare.toArray(user))).toBe(rareFrom);
      numbers += own.length;
      lines += new Set(own.map((node) => node >> 2)).size;
    }
    // In the order in which they are planted it is 0.92.
    expect(lines / numbers).toBeLessThan(0.75);
  });
});

type Attributes = readonly (readonly [attribute: string, value: string])[];

/** By the batch path, no implications. */
function planted(everyone: readonly Attributes[]) {
  const items = new Items(null);
  const people = everyone.map((attributes) => inOrder(attributes, items));
  // Attributes that came later may come before others.
  for (const own of people) own.sort((a, b) => items.compare(a, b));
  const features = new IntLists(people.length);
  for (const [user, own] of people.entries()) features.assign(user, own);
  const itemsets = new Itemsets(items, LENGTH_MAX, SUPPORT_FLOOR, () => {});
  const rareFrom = atOnce(itemsets.build(people.length, features, () => false));
  return { itemsets, people, items, rareFrom };
}

function inOrder(attributes: Attributes, items: Items): number[] {
  return attributes.map(([attribute, value]) => items.intern(attribute, value)).sort((a, b) => items.compare(a, b));
}

function randomItems(random: Prng): Attributes {
  return ["a", "b", "c", "d", "e"]
    .filter(() => random.below(5) > 0)
    .map((attribute) => [attribute, String(random.below(4))] as const);
}

/** By items of an itemset: the users that have them all. */
function membersOf(people: readonly (readonly number[])[]): Map<string, number[]> {
  const members = new Map<string, number[]>();
  for (const [user, own] of people.entries()) {
    for (let mask = 1; mask < 1 << own.length; mask++) {
      const items = own.filter((_, i) => (mask & (1 << i)) !== 0);
      if (items.length > LENGTH_MAX) continue;
      members.set(items.join(" "), [...(members.get(items.join(" ")) ?? []), user]);
    }
  }
  return members;
}

function isSingle(key: string): boolean {
  return !key.includes(" ");
}

function parentOf(key: string): string {
  return key.slice(0, key.lastIndexOf(" "));
}
