import { expect, test } from "vitest";
import { Sweep } from "../../src/core/sweep.ts";
import { Prng } from "../../src/demo/prng.ts";

const USERS = 200;

test("a sweep gives each user once, ascending, however many sweeps there were", () => {
  const random = new Prng(11, 0);
  const sweep = new Sweep(40);
  for (let round = 0; round < 300; round++) {
    sweep.begin(USERS);
    const out = new Set(Array.from({ length: random.below(5) }, () => random.below(USERS)));
    for (const user of out) sweep.leaveOut(user);
    const met = new Set<number>();
    for (let i = random.below(random.chance(0.5) ? 6 : 400); i > 0; i--) {
      const user = random.below(USERS);
      expect(sweep.meet(user)).toBe(!out.has(user));
      if (!out.has(user)) met.add(user);
    }
    expect([...sweep.users()]).toEqual([...met].sort((a, b) => a - b));
  }
});
