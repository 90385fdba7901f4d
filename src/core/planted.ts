/**
 * Batch path: the whole tree of itemsets of some people, from plain columns to plain columns, so that another thread may
 * plant it while what the people hold is loaded.
 */
import type { Company } from "./company.ts";
import { Implications } from "./implications.ts";
import { type IntListState, IntLists } from "./int-lists.ts";
import { ItemsetNodes, type ItemsetNodesState } from "./itemset-nodes.ts";
import { Planting } from "./planting.ts";
import type { ImplicationRow } from "./rows.ts";
import { PEOPLE_A_SLICE, type Slices } from "./slices.ts";

/** Says which implications are wanted. */
export type MayImply = (item: number, implied: number) => boolean;

export interface PlantingBasis {
  /** By user: the feature items of who is active, in item order. Items are below `itemsMax`. */
  readonly features: IntListState;
  readonly users: number;
  readonly itemsMax: number;
  readonly implications: readonly ImplicationRow[];
  readonly lengthMax: number;
  readonly supportFloor: number;
}

/** As in `Itemsets`. */
export interface Planted {
  readonly basis: PlantingBasis;
  readonly nodes: ItemsetNodesState;
  readonly members: IntListState;
  readonly sets: IntListState;
  readonly rare: IntListState;
  readonly rareFrom: number;
}

export function* plantingBasis(company: Company, lengthMax: number, mayImply: MayImply): Slices<PlantingBasis> {
  const { identities, items, policy } = company;
  const users = identities.size;
  const features = new IntLists(users, users * 8);
  for (let user = 0; user < users; user++) {
    if (user % PEOPLE_A_SLICE === 0) yield;
    if (identities.isActive(user)) features.assign(user, identities.featuresOf(user));
  }
  const implications = new Implications();
  yield* implications.learn(users, features, mayImply);
  return {
    features: features.give(),
    users,
    itemsMax: items.size,
    implications: [...implications],
    lengthMax,
    supportFloor: policy.supportFloor,
  };
}

/** What it gives, and the features of the basis in it, are the caller's. */
export function* plant(basis: PlantingBasis): Slices<Planted> {
  const { users, itemsMax, lengthMax, supportFloor } = basis;
  const items = new IntLists();
  items.take(basis.features);
  const [nodes, members, sets, rare] = [new ItemsetNodes(), new IntLists(), new IntLists(), new IntLists()];
  const implications = new Implications();
  implications.take(basis.implications);
  const tree = { nodes, members, sets, rare, implications };
  const rareFrom = yield* new Planting(tree, { users, items, itemsMax, lengthMax, supportFloor }).grow();
  return {
    basis,
    nodes: nodes.give(),
    members: members.give(),
    sets: sets.give(),
    rare: rare.give(),
    rareFrom,
  };
}

/** Whether a basis comes to the same tree as an earlier one: who came since has no features. */
export function isSameBasis(one: PlantingBasis, other: PlantingBasis): boolean {
  return (
    one.lengthMax === other.lengthMax &&
    one.supportFloor === other.supportFloor &&
    one.implications.join() === other.implications.join() &&
    areSameLists(one.features, other.features, Math.max(one.users, other.users))
  );
}

function areSameLists(one: IntListState, other: IntListState, lists: number): boolean {
  for (let list = 0; list < lists; list++) {
    const length = one.length[list] ?? 0;
    if (length !== (other.length[list] ?? 0)) return false;
    for (let i = 0; i < length; i++) {
      if (one.pool[one.start[list]! + i] !== other.pool[other.start[list]! + i]) return false;
    }
  }
  return true;
}
