/** Itemsets that may have rules apart from rare ones, and their numbers, over seeded random people. */
import { describe, expect, test } from "vitest";
import { Implications } from "../../src/core/implications.ts";
import { IntLists } from "../../src/core/int-lists.ts";
import { Items } from "../../src/core/items.ts";
import { Itemsets } from "../../src/core/itemsets.ts";
import { plant } from "../../src/core/planted.ts";
import { atOnce } from "../../src/core/slices.ts";
import { Prng } from "../../src/demo/prng.ts";

const LENGTH_MAX = 3;
const SUPPORT_FLOOR = 3;
const USERS = 30;

describe("itemsets", () => {
  test.each([
    ["none implies another", false],
    ["some imply others", true],
  ])("of a user are complete, with those apart that never had support: %s", (_, mayImply) => {
    const random = new Prng(11, 0);
    let implicationsEnded = 0;
    for (let round = 0; round < 25; round++) {
      const everyone = Array.from({ length: USERS }, () => randomItems(random));
      const { itemsets, people, items } = planted(everyone, mayImply);
      const expected = new Expected(itemsets, people);
      for (let step = 0; step < 40; step++) {
        expected.check();
        const [user, other] = [random.below(USERS), random.below(USERS)];
        const own = random.chance(0.2) ? [] : inOrder(randomItems(random), items);
        itemsets.foresee(other, inOrder(randomItems(random), items));
        itemsets.recall();
        const before = [...itemsets.implications].length;
        itemsets.contradict([own]);
        implicationsEnded += before - [...itemsets.implications].length;
        expected.note();
        people[user] = own;
        const { removed, kept, added } = itemsets.assign(user, own);
        expected.note();
        expect([...kept, ...added].sort()).toEqual(itemsets.sets.toArray(user).sort());
        expect([...removed].filter((node) => itemsets.isWithin(node, own))).toEqual([]);
        itemsets.foreseeAgain((each) => each === other && each !== user);
        itemsets.recall();
        itemsets.foreseeAgain(() => false);
      }
    }
    if (mayImply) expect(implicationsEnded).toBeGreaterThan(30);
  });

  test("that a batch makes have the lowest numbers when they may have rules, those of a user close to one another", () => {
    const random = new Prng(12, 0);
    const valuesOf = { a: 2, b: 5, c: 12, d: 40, e: 100 };
    const people = Array.from({ length: 1_000 }, () =>
      Object.entries(valuesOf).map(([attribute, values]) => [attribute, String(random.below(values))] as const),
    );
    const { itemsets, rareFrom } = planted(people, false);
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

/** What is tracked, by plain counts: itemsets without linked items whose parent ever had support. */
class Expected {
  readonly #itemsets: Itemsets;
  readonly #people: readonly number[][];
  readonly #everFrequent: Set<string> = new Set();

  constructor(itemsets: Itemsets, people: readonly number[][]) {
    this.#itemsets = itemsets;
    this.#people = people;
    this.note();
  }

  /** To be called whenever anything has changed. */
  note(): Map<string, number[]> {
    const { implications } = this.#itemsets;
    const members = membersOf(this.#people);
    for (const [key, users] of members) {
      const own = key.split(" ").map(Number);
      if (own.some((one) => own.some((other) => implications.areLinked(one, other)))) members.delete(key);
      else if (users.length >= SUPPORT_FLOOR) this.#everFrequent.add(key);
    }
    return members;
  }

  check(): void {
    const members = this.note();
    for (let user = 0; user < USERS; user++) {
      const [sets, rare] = [this.#itemsets.sets, this.#itemsets.rare].map((lists) =>
        lists.toArray(user).map((node) => this.#itemsets.itemsOf(node).join(" ")),
      );
      const tracked = [...members.keys()].filter(
        (key) => members.get(key)!.includes(user) && (isSingle(key) || this.#everFrequent.has(parentOf(key))),
      );
      const mayHaveRules = (key: string): boolean => isSingle(key) || this.#everFrequent.has(key);
      expect(sets!.sort()).toEqual(tracked.filter(mayHaveRules).sort());
      expect(rare!.sort()).toEqual(tracked.filter((key) => !mayHaveRules(key)).sort());
    }
  }
}

type Attributes = readonly (readonly [attribute: string, value: string])[];

/** By the batch path. */
function planted(everyone: readonly Attributes[], mayImply: boolean) {
  const items = new Items(null);
  const people = everyone.map((attributes) => inOrder(attributes, items));
  // Attributes that came later may come before others.
  for (const own of people) own.sort((a, b) => items.compare(a, b));
  const features = new IntLists(people.length);
  for (const [user, own] of people.entries()) features.assign(user, own);
  const itemsets = new Itemsets(items, LENGTH_MAX, SUPPORT_FLOOR, () => {});
  const implications = new Implications();
  atOnce(implications.learn(people.length, features, () => mayImply));
  const rareFrom = itemsets.take(
    atOnce(
      plant({
        features: features.give(),
        users: people.length,
        itemsMax: items.size,
        implications: [...implications],
        lengthMax: LENGTH_MAX,
        supportFloor: SUPPORT_FLOOR,
      }),
    ),
  );
  return { itemsets, people, items, rareFrom };
}

function inOrder(attributes: Attributes, items: Items): number[] {
  return attributes.map(([attribute, value]) => items.intern(attribute, value)).sort((a, b) => items.compare(a, b));
}

/** "b" mostly follows from "a". */
function randomItems(random: Prng): Attributes {
  const a = random.below(4);
  const values = { a, b: random.chance(0.04) ? random.below(4) : a % 2, c: random.below(4), d: random.below(4) };
  return Object.entries(values)
    .filter(([attribute]) => attribute === "a" || attribute === "b" || random.below(5) > 0)
    .map(([attribute, value]) => [attribute, String(value)] as const);
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
