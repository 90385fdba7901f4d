import { expect, test } from "vitest";
import {
  FLOOR_MAX,
  floorForAny,
  hasOutgrownFloor,
  isUnder,
  type PairFloors,
  pairFloors,
} from "../../src/core/floors.ts";

const WINDOW = { numerator: 5, denominator: 100 };

/** A secure choice of so many people. */
const secureChoice = (freqUnion: number, freq: number): PairFloors =>
  pairFloors({ secure: true, freqUnion, freq, bestUnion: freqUnion, bestFreq: freq }, WINDOW);
/** An insecure one below that confidence. */
const insecureChoice = (bestUnion: number, bestFreq: number, freqUnion: number): PairFloors =>
  pairFloors({ secure: false, freqUnion, freq: freqUnion * 2, bestUnion, bestFreq }, WINDOW);

test("a secure choice asks for less of rules that may come to have as many people", () => {
  const { any, fewer, fewerThan } = secureChoice(90, 100);
  expect(isUnder(any, 84, 100)).toBe(true);
  expect(isUnder(any, 85, 100)).toBe(false);
  expect(isUnder(fewer, 94, 100)).toBe(true);
  expect(isUnder(fewer, 95, 100)).toBe(false);
  expect(fewerThan).toBe(64);
});

test("of fewer people than an insecure choice has, only the best confidence matters", () => {
  const { any, fewer } = insecureChoice(8, 10, 40);
  expect(isUnder(any, 74, 100)).toBe(true);
  expect(isUnder(any, 75, 100)).toBe(false);
  expect(isUnder(fewer, 79, 100)).toBe(true);
  expect(isUnder(fewer, 80, 100)).toBe(false);
});

test("a window that ends above 1 leaves no confidence for a rule of fewer people", () => {
  expect(secureChoice(99, 100).fewer).toBe(FLOOR_MAX);
  expect(isUnder(FLOOR_MAX, 7, 7)).toBe(true);
});

test("no confidence is too low to be at a floor of 0", () => {
  expect(secureChoice(1, 100).any).toBe(0);
  expect(isUnder(0, 0, 1)).toBe(false);
});

test("whichever of the two floors a rule has, what is left of it is not above the lower one", () => {
  for (let freq = 1; freq <= 120; freq++) {
    for (let union = 1; union <= freq; union++) {
      for (const { any, fewer } of [secureChoice(union, freq), insecureChoice(union, freq, union)]) {
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
