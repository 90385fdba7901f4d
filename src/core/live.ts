/** What is counted and published of a company while the engine is not at rest. */
import { type Changes, IdSet } from "./changes.ts";
import type { Company } from "./company.ts";
import { Counters } from "./counters.ts";
import { DeltaLog } from "./delta-log.ts";
import { Descriptions } from "./descriptions.ts";
import { Published } from "./published.ts";
import { Ripple } from "./ripple.ts";
import type { Settings } from "./settings.ts";
import { Settle } from "./settle.ts";
import { Target } from "./target.ts";
import { type Portion, portionOf, Uncounted } from "./uncounted.ts";

export class Live {
  readonly counters: Counters;
  readonly target: Target;
  readonly descriptions: Descriptions;
  /** What the step at hand, or the last one, tells. */
  readonly told: DeltaLog;
  readonly published: Published;
  readonly ripple: Ripple;
  readonly settle: Settle;
  readonly settings: Settings;
  readonly uncounted: Uncounted = new Uncounted();
  readonly #company: Company;
  readonly #changes: Changes;
  /** By entitlement: whether more than `birthrightAbove` hold it, as last looked at. */
  readonly #birthright: boolean[] = [];
  /** Everything is being counted anew: here nothing is counted any more. */
  #isFrozen = false;

  constructor(company: Company, settings: Settings, changes: Changes) {
    this.#company = company;
    this.settings = settings;
    this.#changes = changes;
    this.counters = new Counters(company, settings);
    this.settle = new Settle(company, this.counters, this.uncounted);
    this.target = new Target(company, this.counters, settings);
    this.descriptions = new Descriptions(company.items, this.counters.itemsets);
    this.told = new DeltaLog(company, this.descriptions);
    this.published = new Published(company, this.target, this.told, changes);
    this.ripple = new Ripple(company, this.counters, this.published, settings);
  }

  /** All rules were taken over: from now on it is brought up to date. */
  markAllPending(): void {
    this.ripple.markEverything(false);
    for (let entitlement = 0; entitlement < this.#company.catalog.size; entitlement++) {
      this.#birthright[entitlement] = this.target.isBirthright(entitlement);
    }
  }

  /** Whether the events of this step move more people than that: give them other items, come or leave with items. */
  moves(peopleMax: number): boolean {
    const { ids } = this.#changes.users;
    if (ids.length <= peopleMax) return false;
    const { itemsets } = this.counters;
    return ids.filter((user) => !itemsets.isWith(user, this.#itemsOf(user))).length > peopleMax;
  }

  /**
   * Counts, tells what the events named, then what follows for others as far as the budget goes. `isMass`: the events move
   * so many people that counting them must wait. Of those who wait a step counts so many, and as many as come.
   */
  step(recounted: IdSet, isMass: boolean, budgetRecords: number, countedMax: number): void {
    this.#count(recounted, isMass, countedMax);
    this.#markBirthrights();
    this.#updateNamedPairs();
    const deltasMax = this.published.deltaCount + budgetRecords;
    this.#updateDuePairs(deltasMax);
    if (!this.#isFrozen) this.ripple.run(deltasMax);
  }

  /** Counts all that waits; what follows from it is pending. */
  countAll(): void {
    this.#countNow(this.uncounted.takeAll());
    this.#markBirthrights();
  }

  /** All that waits will be counted elsewhere, with all else; what changes from now on is uncounted. */
  freeze(): void {
    this.uncounted.takeAll();
    this.#isFrozen = true;
  }

  /** Takes over what another one could not count any more, but for people who are as they are counted here. */
  inherit({ uncounted }: Live): void {
    const { users, rows, recounted } = uncounted.takeAll();
    this.uncounted.add({ users: users.filter((user) => !this.settle.isCounted(user)), rows, recounted });
    this.#foresee(this.uncounted.users);
  }

  /** A step begins: what the last one told can be asked for no more, and with it numbers of itemsets. */
  beginStep(): void {
    this.told.begin();
    // People who are not counted yet were told itemsets that may have lost all their members.
    const mayCollect = !this.#isFrozen && this.ripple.size === 0 && this.uncounted.isEmpty;
    if (mayCollect) this.counters.itemsets.collectEmpty((itemset) => this.#forget(itemset));
  }

  #forget(itemset: number): void {
    this.counters.forgetSet(itemset);
    this.descriptions.forget(itemset);
  }

  reconcile(): void {
    this.counters.makeEvidenceExact();
    this.ripple.markEverything(true);
  }

  #count(recounted: IdSet, isMass: boolean, countedMax: number): void {
    const named = portionOf(this.#changes, recounted);
    this.ripple.usersMoved(named.users);
    if (!isMass && !this.#isFrozen && this.uncounted.isEmpty) return this.#countNow(named);
    const users = this.#isFrozen ? named.users : named.users.filter((user) => this.#isToBeCounted(user));
    const came = this.uncounted.add({ ...named, users });
    if (isMass || this.#isFrozen) this.#foresee(users);
    else this.#countNow(this.uncounted.takeMore(came, countedMax));
  }

  #isToBeCounted(user: number): boolean {
    return this.uncounted.hasUser(user) || !this.settle.isCounted(user);
  }

  /** Nothing else is counted: who waits still is a member of what it was. */
  #countNow(portion: Portion): void {
    this.counters.itemsets.recall();
    this.settle.settle(portion);
    for (const entitlement of portion.recounted.ids) this.ripple.markAll(entitlement);
    this.#markSupportCrossings();
    this.ripple.markConcerned(this.counters.takeChanges());
    // Since they were told, rules may have changed of which their itemsets of before knew nothing.
    for (const user of portion.users) if (!this.#changes.users.has(user)) this.#markPairsOf(user);
    this.counters.itemsets.foreseeAgain((user) => this.uncounted.hasUser(user) && !this.#changes.users.has(user));
    this.#foresee(this.uncounted.users.filter((user) => this.#changes.users.has(user)));
  }

  /** These users are not counted yet. */
  #foresee(users: readonly number[]): void {
    for (const user of users) this.counters.itemsets.foresee(user, this.#itemsOf(user));
  }

  /** In item order; of who is not active: none. */
  #itemsOf(user: number): number[] {
    const { identities } = this.#company;
    return identities.isActive(user) ? identities.featuresOf(user) : [];
  }

  #markPairsOf(user: number): void {
    const { pairs } = this.#company;
    const entitlements = this.#recommendable(user);
    for (const row of pairs.byUser.toArray(user)) entitlements.add(pairs.entitlementOf(row));
    for (const entitlement of entitlements) this.ripple.markUsers(entitlement, [user]);
  }

  /** A single item that gains or loses support changes why its members' assignments are not scored. */
  #markSupportCrossings(): void {
    const { itemsets, movedSets } = this.counters;
    const levels = this.#company.policy.supportLevels;
    for (const itemset of movedSets.ids) {
      if (itemsets.depthOf(itemset) !== 1) continue;
      const before = this.counters.freqBefore(itemset);
      const now = itemsets.freq(itemset);
      if (levels.some((level) => before >= level !== now >= level)) this.ripple.markNotScored(itemset);
    }
  }

  #markBirthrights(): void {
    if (this.settings.birthrightAbove === null) return;
    for (let entitlement = 0; entitlement < this.#company.catalog.size; entitlement++) {
      const is = this.target.isBirthright(entitlement);
      if (is !== (this.#birthright[entitlement] ?? false)) this.ripple.markAll(entitlement);
      this.#birthright[entitlement] = is;
    }
  }

  /** The direct lane: pairs of the identities and assignments that the events named, by entitlement, then user. */
  #updateNamedPairs(): void {
    const { pairs } = this.#company;
    const named: number[] = [];
    for (const user of this.#changes.users.ids) {
      for (const row of pairs.byUser.toArray(user)) named.push(pairs.entitlementOf(row) * USERS_MAX + user);
      for (const entitlement of this.#recommendable(user)) named.push(entitlement * USERS_MAX + user);
    }
    for (const row of this.#changes.assignments.ids) {
      if (pairs.isLive(row)) named.push(pairs.entitlementOf(row) * USERS_MAX + pairs.userOf(row));
    }
    const keys = Float64Array.from(named).sort();
    for (let from = 0, end = 0; from < keys.length; from = end) {
      const entitlement = Math.floor(keys[from]! / USERS_MAX);
      while (end < keys.length && keys[end]! < (entitlement + 1) * USERS_MAX) end++;
      if (end - from >= LOOKS_EXPECTED_MIN) this.published.expectLooks(entitlement, end - from, end - from, null);
      for (let at = from; at < end; at++) {
        if (at === from || keys[at] !== keys[at - 1])
          this.#lookAtNamed(keys[at]! - entitlement * USERS_MAX, entitlement);
      }
      this.published.looksDone();
    }
  }

  /** The event that named the pair is the cause, rather than the one that named its user. */
  #lookAtNamed(user: number, entitlement: number): void {
    const { causeOfRow, causeOfUser } = this.#changes;
    const row = causeOfRow.size === 0 ? undefined : this.#company.pairs.find(user, entitlement);
    const cause = row === undefined ? undefined : causeOfRow.get(row);
    this.#look(user, entitlement, cause ?? causeOfUser.get(user) ?? null);
  }

  #look(user: number, entitlement: number, cause: string | null): void {
    this.published.update(user, entitlement, cause);
    if (!this.#isFrozen) this.ripple.lookedAt(user, entitlement);
  }

  /** Only a strong rule can bring a recommendation. */
  #recommendable(user: number): Set<number> {
    const { itemsets, strongOf } = this.counters;
    const entitlements = new Set<number>();
    for (const itemset of itemsets.sets.toArray(user)) {
      for (const entitlement of strongOf.toArray(itemset)) entitlements.add(entitlement);
    }
    return entitlements;
  }

  #updateDuePairs(deltasMax: number): void {
    const { pairs } = this.#company;
    for (const row of this.published.takeDue()) {
      const user = pairs.userOf(row);
      if (this.published.deltaCount < deltasMax) this.#look(user, pairs.entitlementOf(row), null);
      else this.ripple.markUsers(pairs.entitlementOf(row), [user]);
    }
  }
}

/** Fewer looks at pairs of one entitlement are not worth preparing. */
const LOOKS_EXPECTED_MIN = 64;
/** More users than this cannot be told apart in the key of a pair. */
const USERS_MAX = 2 ** 26;
