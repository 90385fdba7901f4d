import { describe, expect, test } from "vitest";
import { Implications } from "../../src/core/implications.ts";
import { IntLists } from "../../src/core/int-lists.ts";
import { atOnce } from "../../src/core/slices.ts";
import { Prng } from "../../src/demo/prng.ts";

const LENGTH_MAX = 3;

describe("implications", () => {
  test("are learned from everybody, and end when they are contradicted", () => {
    const implications = learned([[1, 10, 20], [1, 10, 21], [2, 10], []]);
    expect([...implications]).toEqual([[1, 10], ...pairs(2, [10]), ...pairs(20, [1, 10]), ...pairs(21, [1, 10])]);
    expect(implications.areLinked(10, 1)).toBe(true);
    expect(implications.areLinked(10, 11)).toBe(false);
    expect(implications.contradictedBy([1, 11])).toEqual([[1, 10]]);
    expect(implications.contradictedBy([10, 11])).toEqual([]);
    implications.end(1, 10);
    expect(implications.areLinked(1, 10)).toBe(false);
    expect(implications.contradictedBy([1, 11])).toEqual([]);
  });

  test("only those that are wanted", () => {
    const people = [[1, 10, 20]];
    expect([...learned(people, (item, implied) => item === 1 && implied === 20)]).toEqual([[1, 20]]);
  });

  test("every redundant itemset has one that stands for it, with the same members", () => {
    const random = new Prng(7, 0);
    for (let round = 0; round < 300; round++) {
      const people = randomPeople(random);
      const implications = learned(people, () => random.below(4) > 0);
      const found = new Map<string, string>();
      for (const items of itemsetsOf(people)) {
        if (isRedundant(items, implications)) continue;
        expect(found.get(key(items))).toBeUndefined();
        found.set(key(items), key(items));
        for (const redundant of implications.redundantWith(items, LENGTH_MAX)) {
          expect(membersOf(redundant, people)).toEqual(membersOf(items, people));
          expect(found.get(key(redundant))).toBeUndefined();
          found.set(key(redundant), key(items));
        }
      }
      expect([...found.keys()].sort()).toEqual(itemsetsOf(people).map(key).sort());
    }
  });
});

function learned(people: readonly (readonly number[])[], mayImply: (x: number, y: number) => boolean = () => true) {
  const items = new IntLists();
  for (const [user, own] of people.entries()) items.assign(user, own);
  items.reserve(people.length);
  const implications = new Implications();
  atOnce(implications.learn(people.length, items, mayImply));
  return implications;
}

/** A few attributes of few values each, the later ones mostly following from the first. */
function randomPeople(random: Prng): number[][] {
  return Array.from({ length: 1 + random.below(12) }, () => {
    const first = random.below(6);
    const follows = (modulus: number): number => (random.below(9) === 0 ? random.below(modulus) : first % modulus);
    return [first, 10 + follows(3), 20 + follows(2), 30 + random.below(3)];
  });
}

function itemsetsOf(people: readonly (readonly number[])[]): number[][] {
  const all = new Map<string, number[]>();
  for (const own of people) {
    for (let mask = 1; mask < 1 << own.length; mask++) {
      const items = own.filter((_, i) => (mask & (1 << i)) !== 0);
      if (items.length <= LENGTH_MAX) all.set(key(items), items);
    }
  }
  return [...all.values()];
}

function isRedundant(items: readonly number[], implications: Implications): boolean {
  return items.some((one) => items.some((other) => one !== other && implications.areLinked(one, other)));
}

function membersOf(items: readonly number[], people: readonly (readonly number[])[]): number[] {
  return people.flatMap((own, user) => (items.every((item) => own.includes(item)) ? [user] : []));
}

function key(items: readonly number[]): string {
  return items.toSorted((a, b) => a - b).join(" ");
}

function pairs(item: number, implied: readonly number[]): [number, number][] {
  return implied.map((other) => [item, other]);
}
