import { expect, test } from "vitest";
import { FLOOR_MAX, floorForAny, hasOutgrownFloor, isUnder, pairFloors } from "../../src/core/floors.ts";

const WINDOW = { numerator: 5, denominator: 100 };

test("a secure choice asks for less of rules that may come to have as many people", () => {
  const { any, fewer, fewerThan } = pairFloors(true, 90, 100, 90, WINDOW);
  expect(isUnder(any, 84, 100)).toBe(true);
  expect(isUnder(any, 85, 100)).toBe(false);
  expect(isUnder(fewer, 94, 100)).toBe(true);
  expect(isUnder(fewer, 95, 100)).toBe(false);
  expect(fewerThan).toBe(64);
});

test("of fewer people than an insecure choice has, only the best confidence matters", () => {
  const { any, fewer } = pairFloors(false, 8, 10, 40, WINDOW);
  expect(isUnder(any, 74, 100)).toBe(true);
  expect(isUnder(any, 75, 100)).toBe(false);
  expect(isUnder(fewer, 79, 100)).toBe(true);
  expect(isUnder(fewer, 80, 100)).toBe(false);
});

test("a window that ends above 1 leaves no confidence for a rule of fewer people", () => {
  expect(pairFloors(true, 99, 100, 99, WINDOW).fewer).toBe(FLOOR_MAX);
  expect(isUnder(FLOOR_MAX, 7, 7)).toBe(true);
});

test("no confidence is too low to be at a floor of 0", () => {
  expect(pairFloors(true, 1, 100, 1, WINDOW).any).toBe(0);
  expect(isUnder(0, 0, 1)).toBe(false);
});

test("whichever of the two floors a rule has, what is left of it is not above the lower one", () => {
  for (const secure of [true, false]) {
    for (let freq = 1; freq <= 120; freq++) {
      for (let union = 1; union <= freq; union++) {
        const { any, fewer } = pairFloors(secure, union, freq, union, WINDOW);
        if (fewer < any || floorForAny(fewer, WINDOW) > any) expect.fail(`${union} of ${freq}: ${any}, ${fewer}`);
      }
    }
  }
});

test("a floor is outgrown by passing a power of two, and by nothing else", () => {
  expect(hasOutgrownFloor(3, 4)).toBe(true);
  expect(hasOutgrownFloor(4, 7)).toBe(false);
  expect(hasOutgrownFloor(7, 9)).toBe(true);
  expect(hasOutgrownFloor(9, 3)).toBe(false);
  expect(hasOutgrownFloor(5, 0)).toBe(false);
});
