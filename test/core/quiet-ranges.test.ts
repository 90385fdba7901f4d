/** Quiet ranges against a plain range for every rule. */
import { describe, expect, test } from "vitest";
import { QuietRanges } from "../../src/core/quiet-ranges.ts";
import { Prng } from "../../src/demo/prng.ts";

const ITEMSET = 3;
const OPERATIONS = 2_000;

interface Range {
  readonly low: number;
  readonly high: number;
}

describe("QuietRanges", () => {
  for (const entitlements of [5, 31, 32, 200]) {
    test(`a freq that a rule has left is noticed, with ${entitlements} entitlements`, () => {
      const random = new Prng(entitlements, 0);
      const quiet = new QuietRanges();
      const rules = new Map<number, Range>();
      const around = (freq: number): Range => ({
        low: Math.max(0, freq - random.below(40)),
        high: freq + random.below(40),
      });
      let freq = 100;
      const check = (): void => {
        if (quiet.has(ITEMSET, freq)) return;
        const known = [...rules.keys()].sort((a, b) => a - b);
        const open = quiet.open(ITEMSET, freq, known);
        const left = known.filter((entitlement) => !contains(rules.get(entitlement)!, freq));
        expect(left.filter((entitlement) => !open.includes(entitlement))).toEqual([]);
        for (const entitlement of open) {
          const range = around(freq);
          rules.set(entitlement, range);
          quiet.narrow(ITEMSET, entitlement, range);
        }
        quiet.close(ITEMSET);
      };
      for (let i = 0; i < OPERATIONS; i++) {
        const chance = random.below(100);
        const entitlement = random.below(entitlements);
        if (chance < 60) freq = Math.max(1, freq + random.below(9) - 4);
        else if (chance < 65) rules.delete(entitlement);
        else if (chance < 66) quiet.forget(ITEMSET);
        else {
          const range = around(freq);
          rules.set(entitlement, range);
          quiet.narrow(ITEMSET, entitlement, range);
        }
        check();
        if (quiet.has(ITEMSET, freq)) expect([...rules.values()].every((range) => contains(range, freq))).toBe(true);
      }
    });
  }

  test("of many rules only those near the one that was left are checked", () => {
    const quiet = new QuietRanges();
    const all = Array.from({ length: 320 }, (_, i) => i);
    expect(quiet.open(ITEMSET, 50, all)).toHaveLength(320);
    for (const entitlement of all) quiet.narrow(ITEMSET, entitlement, { low: 40, high: entitlement === 100 ? 60 : 99 });
    quiet.close(ITEMSET);
    expect(quiet.has(ITEMSET, 60)).toBe(true);
    expect(quiet.has(ITEMSET, 61)).toBe(false);
    expect(quiet.open(ITEMSET, 61, all)).toEqual(Array.from({ length: 16 }, (_, i) => 96 + i));
  });
});

function contains({ low, high }: Range, freq: number): boolean {
  return freq >= low && freq <= high;
}
