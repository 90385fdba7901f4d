/** Each hand-made structure of the core against the plain one that it stands for, over seeded random operations. */
import { describe, expect, test } from "vitest";
import { ChildIndex } from "../../src/core/child-index.ts";
import { DueQueue } from "../../src/core/due-queue.ts";
import { IntLists } from "../../src/core/int-lists.ts";
import { RowMap } from "../../src/core/row-map.ts";
import { RULE_WIDTH, RuleTable } from "../../src/core/rule-tables.ts";
import { compareCodePoints } from "../../src/core/text-order.ts";
import { Prng } from "../../src/demo/prng.ts";

const OPERATIONS = 5_000;

describe("IntLists", () => {
  test("sorted lists equal sets", () => {
    const random = new Prng(1, 0);
    const lists = new IntLists(1, 1);
    const model = new Map<number, Set<number>>();
    for (let i = 0; i < OPERATIONS; i++) {
      const list = random.below(40);
      const value = random.below(200);
      const expected = model.get(list) ?? new Set<number>();
      model.set(list, expected);
      const had = expected.has(value);
      if (random.below(100) < 55) {
        expect(lists.insert(list, value)).toBe(!had);
        expected.add(value);
      } else {
        expect(lists.remove(list, value)).toBe(had);
        expected.delete(value);
      }
      expect(lists.has(list, value)).toBe(expected.has(value));
      expect(lists.count(list)).toBe(expected.size);
    }
    for (const [list, expected] of model) {
      expect(lists.toArray(list)).toEqual([...expected].sort((a, b) => a - b));
    }
  });

  test("append, assign, filter, clear and allocate keep their order", () => {
    const lists = new IntLists();
    for (let i = 0; i < 300; i++) lists.append(i % 3, i);
    lists.filter(1, (value) => value % 2 === 0);
    expect(lists.toArray(1)).toEqual(Array.from({ length: 50 }, (_, i) => i * 6 + 4));
    lists.assign(0, [7, 5, 6]);
    expect(lists.toArray(0)).toEqual([7, 5, 6]);
    lists.clear(0);
    expect(lists.toArray(0)).toEqual([]);
    expect(lists.toArray(2)).toHaveLength(100);
    const fresh = new IntLists();
    fresh.allocate(Int32Array.from([2, 0, 9]));
    expect([fresh.count(0), fresh.count(1), fresh.count(2)]).toEqual([2, 0, 9]);
  });
});

describe("RuleTable", () => {
  test("equals a map", () => {
    const random = new Prng(2, 0);
    const table = new RuleTable();
    const offsets = new Int32Array(8);
    const model = new Map<number, number>();
    for (let i = 0; i < OPERATIONS; i++) {
      const itemset = random.below(500);
      if (model.has(itemset) && random.below(100) < 52) {
        table.delete(itemset);
        model.delete(itemset);
      } else if (!model.has(itemset)) {
        table.insert(itemset, i);
        model.set(itemset, i);
      }
      expect(table.size).toBe(model.size);
      const probe = random.below(500);
      const slot = table.find(probe);
      expect(slot === -1 ? undefined : table.freqUnionAt(slot)).toBe(model.get(probe));
      const probes = Int32Array.from({ length: 8 }, () => random.below(500));
      table.findEach(probes, offsets);
      expect(offsets).toEqual(probes.map((wanted) => table.find(wanted)));
    }
    expect([...table.itemsets()].sort((a, b) => a - b)).toEqual([...model.keys()].sort((a, b) => a - b));
    expect(table.slots.length % RULE_WIDTH).toBe(0);
  });
});

describe("RowMap", () => {
  test.each([
    ["few users", () => 300],
    ["many users, so that it has bits only when it is large", () => 40_000],
    ["ever more users, so that the bits grow", (i: number) => 1 + i * 8],
  ])("equals a map: %s", (_, usersAt) => {
    const random = new Prng(3, 0);
    const rows = new RowMap();
    const model = new Map<number, number>();
    const found = new Int32Array(16);
    for (let i = 0; i < OPERATIONS; i++) {
      const user = random.below(usersAt(i));
      if (!model.has(user)) {
        rows.add(user, i);
        model.set(user, i);
      } else if (random.below(100) < 60) {
        rows.remove(user);
        model.delete(user);
      }
      expect(rows.size).toBe(model.size);
      const probes = Int32Array.from({ length: 20 }, () => random.below(usersAt(i) * 2));
      rows.findAll(probes, 4, 20, found);
      expect([...found]).toEqual([...probes.subarray(4)].map((probe) => model.get(probe) ?? -1));
      expect(rows.find(probes[0]!)).toBe(model.get(probes[0]!) ?? -1);
    }
  });
});

describe("ChildIndex", () => {
  test("finds what was added and not deleted, like a map", () => {
    const random = new Prng(9, 0);
    const index = new ChildIndex();
    const model = new Map<string, number>();
    for (let node = 0; node < 20_000; node++) {
      const [parent, item] = [random.below(60) - 1, random.below(60)];
      const key = `${parent} ${item}`;
      expect(index.find(parent, item)).toBe(model.get(key) ?? -1);
      if (model.delete(key)) index.delete(parent, item);
      else {
        index.add(parent, item, node);
        model.set(key, node);
      }
    }
    for (let parent = -1; parent < 60; parent++) {
      for (let item = 0; item < 60; item++) expect(index.find(parent, item)).toBe(model.get(`${parent} ${item}`) ?? -1);
    }
  });
});

describe("DueQueue", () => {
  test.each([
    { span: "minutes", unit: 1 },
    { span: "hours", unit: 3_600_000 },
    { span: "days", unit: 40_000_000 },
    { span: "years", unit: 400_000_000 },
  ])("gives what is due within $span, each row once, for its earliest time", ({ unit }) => {
    const random = new Prng(4, 0);
    const queue = new DueQueue(0);
    const model = new Map<number, number>();
    for (let now = 0; now < 2_000 * unit; now += unit) {
      for (let i = 0; i < 5; i++) {
        const row = random.below(200);
        const at = now + random.below(400 * unit);
        queue.push(at, row);
        model.set(row, Math.min(at, model.get(row) ?? Infinity));
      }
      const due: number[] = [];
      for (let row = queue.popDue(now); row !== -1; row = queue.popDue(now)) {
        if (model.has(row)) due.push(row);
        expect(model.get(row) ?? now).toBeLessThanOrEqual(now);
        model.delete(row);
      }
      const late = [...model].filter(([, at]) => at <= now);
      expect(late).toEqual([]);
      expect(new Set(due).size).toBe(due.length);
    }
  });
});

describe("compareCodePoints", () => {
  test("puts characters beyond the basic plane last, and a prefix first", () => {
    const texts = ["\u{1F600}", "\uFFFD", "a", "ab", "", "\uD7FF", "\u{10000}", "é"];
    const byCodePoint = texts.toSorted((a, b) => {
      const [x, y] = [[...a], [...b]].map((text) => text.map((c) => c.codePointAt(0)!));
      for (let i = 0; i < Math.min(x!.length, y!.length); i++) if (x![i] !== y![i]) return x![i]! - y![i]!;
      return x!.length - y!.length;
    });
    expect(texts.toSorted(compareCodePoints)).toEqual(byCodePoint);
    expect(byCodePoint.at(-1)).toBe("\u{1F600}");
  });
});
