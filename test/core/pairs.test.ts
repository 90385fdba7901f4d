import { expect, test } from "vitest";
import { Pairs } from "../../src/core/pairs.ts";
import { NEVER } from "../../src/core/registers.ts";
import { Prng } from "../../src/demo/prng.ts";

const USERS = 40;
const ENTITLEMENTS = 12;

test("a pair has one row, in whatever order pairs come", () => {
  const random = new Prng(7, 0);
  for (let round = 0; round < 100; round++) {
    const pairs = new Pairs();
    const known = new Map<string, number>();
    for (let i = random.below(200), user = 0; i > 0; i--) {
      if (random.chance(0.3)) user = random.below(USERS);
      const entitlement = random.below(ENTITLEMENTS);
      const row = random.chance(0.1) ? pairs.findOrMake(user, entitlement) : pairs.findOrAppend(user, entitlement);
      expect(known.get(`${user} ${entitlement}`) ?? row).toBe(row);
      known.set(`${user} ${entitlement}`, row);
      if (random.chance(0.9)) continue;
      pairs.releaseIfBlank(row);
      known.delete(`${user} ${entitlement}`);
    }
    expect(new Set(known.values()).size).toBe(known.size);
  }
});

test("arranged rows stand by entitlement and are found as before", () => {
  const random = new Prng(5, 0);
  for (let round = 0; round < 100; round++) {
    const pairs = new Pairs();
    for (let i = random.below(300); i > 0; i--) {
      const row = pairs.findOrAppend(random.below(USERS), random.below(ENTITLEMENTS));
      pairs.memberAt[row] = i;
      pairs.lastUsedAt[row] = -i;
      pairs.tell(row, 1, i, i + 1, i + 2, 1, 0);
      if (random.chance(0.1)) pairs.setExtra(row, { ...pairs.extraOf(row), source: `s${i}` });
      if (random.chance(0.1)) release(pairs, row);
    }
    const known = factsOf(pairs);
    const end = random.below(pairs.size + 1);
    const beyond = Array.from({ length: pairs.size - end }, (_, i) => pairs.userOf(end + i));
    pairs.arrange(end);
    expect(factsOf(pairs)).toEqual(known);
    for (let row = 1; row < end; row++) {
      expect(pairs.entitlementOf(row)).toBeGreaterThanOrEqual(pairs.entitlementOf(row - 1));
    }
    expect(beyond).toEqual(beyond.map((_, i) => pairs.userOf(end + i)));
    for (let user = 0; user < USERS; user++) {
      const rows = pairs.byUser.toArray(user);
      expect(rows).toEqual(rows.toSorted((a, b) => a - b));
    }
    const fresh = pairs.findOrMake(USERS, ENTITLEMENTS);
    expect([pairs.userOf(fresh), pairs.find(USERS, ENTITLEMENTS)]).toEqual([USERS, fresh]);
    pairs.releaseIfBlank(fresh);
    expect(factsOf(pairs)).toEqual(known);
  }
});

function release(pairs: Pairs, row: number): void {
  pairs.memberAt[row] = NEVER;
  pairs.lastUsedAt[row] = NEVER;
  pairs.tell(row, 0, -1, 0, 0, 0, 0);
  pairs.releaseIfBlank(row);
}

/** What is known of every pair, by user and entitlement; of each user, the pairs that it has. */
function factsOf(pairs: Pairs): unknown[] {
  const facts: unknown[] = [];
  for (let user = 0; user < USERS; user++) {
    facts.push(new Set(pairs.byUser.toArray(user).map((row) => pairs.entitlementOf(row))));
    for (let entitlement = 0; entitlement < ENTITLEMENTS; entitlement++) {
      const row = pairs.find(user, entitlement);
      if (row === -1) continue;
      expect([pairs.userOf(row), pairs.entitlementOf(row)]).toEqual([user, entitlement]);
      const { memberAt, lastUsedAt } = pairs;
      facts.push([user, entitlement, memberAt[row], lastUsedAt[row], pairs.winnerOf(row), pairs.extraOf(row)]);
    }
  }
  return facts;
}
