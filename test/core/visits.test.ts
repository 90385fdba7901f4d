import { expect, test } from "vitest";
import { isLook, LOOK, looksAt, RAISE, Sweep, union, userOf } from "../../src/core/visits.ts";
import { Prng } from "../../src/demo/prng.ts";

const USERS = 200;

test("a sweep gives each user once, ascending, and a look counts more than a raise", () => {
  const random = new Prng(11, 0);
  const sweep = new Sweep(40);
  for (let round = 0; round < 300; round++) {
    sweep.begin(USERS);
    const out = new Set(Array.from({ length: random.below(5) }, () => random.below(USERS)));
    for (const user of out) sweep.leaveOut(user);
    const met = new Map<number, number>();
    for (let i = random.below(random.chance(0.5) ? 6 : 400); i > 0; i--) {
      const user = random.below(USERS);
      const how = random.chance(0.5) ? LOOK : RAISE;
      expect(sweep.meet(user, how)).toBe(!out.has(user));
      if (!out.has(user)) met.set(user, Math.max(how, met.get(user) ?? RAISE));
    }
    expect(described(sweep.visits())).toEqual([...met].sort(([a], [b]) => a - b));
  }
});

test("the union has the visits of both, each user once", () => {
  const looks = looksAt([7, 3, 5]);
  const raises = Int32Array.from([2, 5, 9], (user) => user * 2 + RAISE);
  const all = [
    [2, RAISE],
    [3, LOOK],
    [5, LOOK],
    [7, LOOK],
    [9, RAISE],
  ];
  expect(described(union(looks, raises))).toEqual(all);
  expect(described(union(raises, looks))).toEqual(all);
});

function described(visits: Int32Array): [number, number][] {
  return Array.from(visits, (visit) => [userOf(visit), isLook(visit) ? LOOK : RAISE]);
}
