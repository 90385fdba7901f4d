import { expect, test } from "vitest";
import { IntLists } from "../../src/core/int-lists.ts";
import { Refinement } from "../../src/core/refinement.ts";

/** Items of four users; the last is the greatest that two bytes hold beside the mark of the end. */
const ITEMS = [[0, 7, 65_534], [7, 65_534], [], [0, 65_534]];

test.each([65_535, 65_536, 70_000])("groups are split by their items, of %i that there are", (itemsMax) => {
  const items = new IntLists();
  for (const [user, own] of ITEMS.entries()) items.assign(user, own);
  const refinement = new Refinement(ITEMS.length, items, itemsMax, 2);
  const everyone = {
    users: Int32Array.of(0, 1, 2, 3),
    next: Int32Array.from(ITEMS, (_, user) => refinement.itemsOf(user)),
  };
  const all = refinement.split(everyone, 0, 4, 0, (item) => item !== 7);
  expect([...all.items.subarray(0, all.parts)]).toEqual([0, 65_534]);
  expect([...all.sizes.subarray(0, all.parts)]).toEqual([2, 3]);
  expect([...all.users.subarray(0, 5)]).toEqual([0, 3, 0, 1, 3]);
  const ofFirst = refinement.split(all, 0, 2, 1, () => true);
  expect([...ofFirst.items.subarray(0, ofFirst.parts)]).toEqual([7, 65_534]);
  expect([...ofFirst.users.subarray(0, 3)]).toEqual([0, 0, 3]);
});
