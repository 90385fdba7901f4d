/**
 * Brings the counters up to date with the tables: what the events of a step changed is folded to net changes of
 * membership and of teaching assignments, each counted once, and then every rule touched is checked once.
 */
import type { IdSet } from "./changes.ts";
import type { Company } from "./company.ts";
import type { Counters } from "./counters.ts";
import { awaited, type Helper, type PlantingWork, shareOf } from "./help.ts";
import type { SetChange } from "./itemsets.ts";
import { largerBytes } from "./larger.ts";
import { type Teaching, teachingOf } from "./member-count.ts";
import { COUNTED_HOLDER, COUNTED_TEACHER } from "./pairs.ts";
import { plant } from "./planted.ts";
import { ROW_MAP_WIDTH } from "./row-map.ts";
import { type CountedRules, countRules } from "./rule-count.ts";
import type { RuleTable } from "./rule-tables.ts";
import { PEOPLE_A_SLICE, SLICE, type Slices } from "./slices.ts";
import type { Portion, Uncounted } from "./uncounted.ts";
import { UnionCount } from "./union-count.ts";

/** As much as is counted here, when there is something else to do, while a helper counts the rest. */
const MEMBERS_COUNTED_BESIDES = 0.25;

export class Settle {
  readonly #company: Company;
  readonly #counters: Counters;
  readonly #unionCount: UnionCount;
  #activeCounted: Uint8Array = new Uint8Array(64);
  /** Entitlement and itemset of every rule whose freqUnion was touched, alternating. */
  #touchedRules: number[] = [];
  /**
   * By number of items: teaching assignments (their rows), each with an itemset that it counts in where its entitlement had
   * no rule, alternating.
   */
  #candidates: number[][] = [];
  /** By itemset, in this step: see `Itemsets.asideOf`. */
  readonly #aside: Map<number, readonly number[] | null> = new Map();
  #counts: Int32Array = new Int32Array(0);
  #slots: Int32Array = new Int32Array(128);

  constructor(company: Company, counters: Counters, uncounted: Uncounted) {
    this.#company = company;
    this.#counters = counters;
    this.#unionCount = new UnionCount(company, counters.itemsets, uncounted);
  }

  /** All users that are not in the portion have the itemsets with which they are counted. */
  settle({ users, rows, recounted }: Portion): void {
    const { pairs } = this.#company;
    const setChanges = this.#moveMembers(users);
    for (const row of this.#rowsOf(users, rows)) {
      this.#settleRow(row, setChanges.get(pairs.userOf(row)) ?? null, recounted);
    }
    for (const entitlement of recounted.ids) this.#recount(entitlement);
    this.#resolveCandidates();
    this.#counters.checkMovedSets();
    const touched = this.#touchedRules;
    for (let i = 0; i < touched.length; i += 2) this.#counters.checkRule(touched[i]!, touched[i + 1]!);
    touched.length = 0;
  }

  /**
   * Batch path: counts everything from the tables. What changes between two slices is uncounted. `meanwhile`: what else is to
   * be done; a helper counts then.
   */
  *build(
    { basis, planted }: PlantingWork,
    helper: Helper | null,
    meanwhile: () => void = () => {},
  ): Slices<CountedRules[]> {
    const { identities, catalog, pairs } = this.#company;
    for (let user = 0; user < identities.size; user++) {
      if (user % PEOPLE_A_SLICE === 0) yield;
      this.#countIdentity(user);
    }
    this.#counters.table(catalog.size - 1);
    for (let row = 0; row < pairs.size; row++) {
      if (row % SLICE === 0) yield;
      if (!pairs.isLive(row)) continue;
      pairs.setCounted(row, 0);
      this.#recountRow(row);
    }
    const teaching = teachingOf(this.#company);
    const isIdle = planted !== null && planted.result === undefined;
    if (isIdle) meanwhile();
    const rareFrom = this.#counters.itemsets.take(yield* awaited(planted, () => plant(basis)));
    return yield* this.#countRules(rareFrom, teaching, helper, isIdle ? null : meanwhile);
  }

  /** Of the itemsets below `end`. */
  *#countRules(
    end: number,
    teaching: Teaching,
    helper: Helper | null,
    meanwhile: (() => void) | null,
  ): Slices<CountedRules[]> {
    const { itemsets } = this.#counters;
    const { parent } = itemsets.columns();
    const { supportFloor } = this.#company.policy;
    const basis = { members: itemsets.members, parent, teaching, supportFloor, from: 0, end };
    const share = meanwhile === null ? 0.5 : MEMBERS_COUNTED_BESIDES;
    const own = helper === null ? end : shareOf(itemsets.members.length, end, share);
    const errand =
      own === end ? null : helper!.countRules({ ...basis, members: itemsets.members.columns(), from: own });
    meanwhile?.();
    const counted = [yield* countRules({ ...basis, end: own })];
    if (own < end) counted.push(yield* awaited(errand, () => countRules({ ...basis, from: own })));
    return counted;
  }

  /** Whether a user and all that it holds is counted as the tables have it. */
  isCounted(user: number): boolean {
    const { identities, pairs } = this.#company;
    const isActive = identities.isActive(user);
    if ((this.#activeCounted[user] ?? 0) !== (isActive ? 1 : 0)) return false;
    if (!this.#counters.itemsets.isWith(user, isActive ? identities.featuresOf(user) : [])) return false;
    return pairs.byUser.toArray(user).every((row) => pairs.countedOf(row) === this.#company.takesPart(row));
  }

  /** Counts all rules of one entitlement from its rows, because its policy changed. */
  #recount(entitlement: number): void {
    this.#counters.dropRulesOf(entitlement);
    for (const itemset of this.#countRows(entitlement)) {
      this.#counters.addRule(entitlement, itemset, this.#counts[itemset]!, 0);
      this.#touchedRules.push(entitlement, itemset);
      this.#counts[itemset] = 0;
    }
  }

  /** Itemsets that have support with the entitlement; their freqUnion stands in `#counts`, all else there is 0. */
  #countRows(entitlement: number): number[] {
    const { pairs, policy } = this.#company;
    const { itemsets } = this.#counters;
    if (this.#counts.length < itemsets.size) this.#counts = new Int32Array(itemsets.size * 2);
    const counts = this.#counts;
    const seen: number[] = [];
    const { pool, start, length } = itemsets.sets;
    const { slots } = pairs.rowsOf(entitlement);
    for (let at = 0; at < slots.length; at += ROW_MAP_WIDTH) {
      if (slots[at] === 0) continue;
      const row = slots[at + 1]!;
      this.#recountRow(row);
      if ((pairs.countedOf(row) & COUNTED_TEACHER) === 0) continue;
      const user = slots[at]! - 1;
      const end = start[user]! + length[user]!;
      for (let i = start[user]!; i < end; i++) if (counts[pool[i]!]!++ === 0) seen.push(pool[i]!);
    }
    const { minSupport } = policy.of(entitlement);
    return seen.filter((itemset) => {
      if (counts[itemset]! >= minSupport) return true;
      counts[itemset] = 0;
      return false;
    });
  }

  #moveMembers(users: readonly number[]): Map<number, SetChange> {
    const { identities } = this.#company;
    const { itemsets } = this.#counters;
    const items = users.map((user) => (identities.isActive(user) ? identities.featuresOf(user) : []));
    for (const { node, stoodIn } of itemsets.contradict(items)) this.#counters.repeatRules(node, stoodIn);
    const setChanges = new Map<number, SetChange>();
    for (const [i, user] of users.entries()) {
      setChanges.set(user, itemsets.assign(user, items[i]!));
      this.#countIdentity(user);
    }
    return setChanges;
  }

  /** Each once; ascending: those of one entitlement mostly stand side by side, and so their counters are found together. */
  #rowsOf(users: readonly number[], named: readonly number[]): Iterable<number> {
    const { pairs } = this.#company;
    const live = named.filter((row) => pairs.isLive(row));
    if (users.length === 0 && live.length <= 1) return live;
    const rows = new Set(live);
    for (const user of users) for (const row of pairs.byUser.toArray(user)) rows.add(row);
    return Int32Array.from(rows).sort();
  }

  #countIdentity(user: number): void {
    if (user >= this.#activeCounted.length) this.#activeCounted = largerBytes(this.#activeCounted, user * 2);
    const active = this.#company.identities.isActive(user) ? 1 : 0;
    this.#counters.activeIdentities += active - this.#activeCounted[user]!;
    this.#activeCounted[user] = active;
  }

  /** `change` null: the user's itemsets are as they were. */
  #settleRow(row: number, change: SetChange | null, recounted: IdSet): void {
    const { pairs } = this.#company;
    const taught = (pairs.countedOf(row) & COUNTED_TEACHER) !== 0;
    this.#recountRow(row);
    const teaches = (pairs.countedOf(row) & COUNTED_TEACHER) !== 0;
    if (recounted.has(pairs.entitlementOf(row)) || (!taught && !teaches)) return;
    const kept = change === null ? this.#counters.itemsets.sets.toIntegers(pairs.userOf(row)) : change.kept;
    if (taught && change !== null) this.#count(row, change.removed, -1);
    if (taught && !teaches) this.#count(row, kept, -1);
    if (!taught && teaches) this.#count(row, kept, 1);
    if (teaches && change !== null) this.#count(row, change.added, 1);
  }

  /** Takes over what is to be counted of a row, and counts holders. */
  #recountRow(row: number): void {
    const { pairs } = this.#company;
    const entitlement = pairs.entitlementOf(row);
    const before = pairs.countedOf(row) & COUNTED_HOLDER;
    pairs.setCounted(row, this.#company.takesPart(row));
    this.#counters.table(entitlement);
    this.#counters.holders[entitlement]! += (pairs.countedOf(row) & COUNTED_HOLDER) - before;
  }

  #count(row: number, sets: Int32Array, difference: 1 | -1): void {
    if (sets.length === 0) return;
    const entitlement = this.#company.pairs.entitlementOf(row);
    const table = this.#counters.table(entitlement);
    if (sets.length > this.#slots.length) this.#slots = new Int32Array(sets.length * 2);
    table.findEach(sets, this.#slots);
    for (let i = 0; i < sets.length; i++) {
      const slot = this.#slots[i]!;
      if (slot !== -1) {
        table.addToFreqUnion(slot, difference);
        this.#touchedRules.push(entitlement, sets[i]!);
      } else if (difference === 1) this.#addCandidate(row, sets[i]!);
    }
  }

  #addCandidate(row: number, itemset: number): void {
    const { itemsets } = this.#counters;
    if (itemsets.freq(itemset) < this.#minSupportOf(row)) return;
    const length = itemsets.depthOf(itemset);
    while (this.#candidates.length < length) this.#candidates.push([]);
    this.#candidates[length - 1]!.push(row, itemset);
  }

  /**
   * A pair (S, e) that reaches support in this step gained a teaching assignment in it, so it is among the candidates;
   * the itemsets within S have support, too, and were resolved one length before.
   */
  #resolveCandidates(): void {
    for (const candidates of this.#candidates) {
      for (let i = 0; i < candidates.length; i += 2) this.#resolve(candidates[i]!, candidates[i + 1]!);
    }
    this.#candidates = [];
    this.#aside.clear();
    this.#unionCount.end();
  }

  #resolve(row: number, itemset: number): void {
    const entitlement = this.#company.pairs.entitlementOf(row);
    const table = this.#counters.tables[entitlement]!;
    if (table.find(itemset) !== -1) return;
    const floor = this.#floorOfSmaller(table, itemset);
    if (floor === -1) return;
    const freqUnion = this.#unionCount.count(row, itemset);
    if (freqUnion < this.#minSupportOf(row)) return;
    this.#counters.addRule(entitlement, itemset, freqUnion, floor);
    this.#touchedRules.push(entitlement, itemset);
  }

  #minSupportOf(row: number): number {
    return this.#company.policy.of(this.#company.pairs.entitlementOf(row)).minSupport;
  }

  /**
   * The highest floor among the rules of one item less: they apply wherever this one does. -1: an itemset of one item less
   * has no rule, so this one cannot have support.
   */
  #floorOfSmaller(table: RuleTable, itemset: number): number {
    const { itemsets } = this.#counters;
    const parent = itemsets.parentOf(itemset);
    if (parent === -1) return 0;
    const above = table.find(parent);
    if (above === -1) return -1;
    let aside = this.#aside.get(itemset);
    if (aside === undefined) this.#aside.set(itemset, (aside = itemsets.asideOf(itemset)));
    if (aside === null) return -1;
    let floor = table.floorAt(above);
    for (const smaller of aside) {
      const slot = table.find(smaller);
      if (slot === -1) return -1;
      floor = Math.max(floor, table.floorAt(slot));
    }
    return floor;
  }
}
