/** What is counted and published of a company while the engine is not at rest. */
import type { BatchRules } from "./batch-rules.ts";
import type { Changes, IdSet } from "./changes.ts";
import type { Company } from "./company.ts";
import { Counters } from "./counters.ts";
import { DeltaLog } from "./delta-log.ts";
import { Descriptions } from "./descriptions.ts";
import { Published } from "./published.ts";
import { Ripple } from "./ripple.ts";
import type { Settings } from "./settings.ts";
import { Settle } from "./settle.ts";
import { Target } from "./target.ts";

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
  readonly #company: Company;
  readonly #changes: Changes;
  /** By entitlement: whether more than `birthrightAbove` hold it, as last looked at. */
  readonly #birthright: boolean[] = [];

  constructor(company: Company, settings: Settings, changes: Changes) {
    this.#company = company;
    this.settings = settings;
    this.#changes = changes;
    this.counters = new Counters(company, settings);
    this.settle = new Settle(company, this.counters);
    this.target = new Target(company, this.counters, settings);
    this.descriptions = new Descriptions(company.items, this.counters.itemsets);
    this.told = new DeltaLog(company, this.descriptions);
    this.published = new Published(company, this.target, this.told, changes);
    this.ripple = new Ripple(company, this.counters, this.published, settings);
  }

  /** Batch path: takes over all rules and marks all pairs as pending. */
  take(rules: BatchRules): void {
    this.counters.takeRules(rules);
    this.ripple.markEverything(false);
    for (let entitlement = 0; entitlement < this.#company.catalog.size; entitlement++) {
      this.#birthright[entitlement] = this.target.isBirthright(entitlement);
    }
  }

  /** Counts, tells what the events named, then what follows for others as far as the budget goes. */
  step(recounted: IdSet, budgetRecords: number): void {
    this.settle.settle(this.#changes, recounted);
    this.ripple.usersMoved(this.#changes.users.ids);
    for (const entitlement of recounted.ids) this.ripple.markAll(entitlement);
    this.#markSupportCrossings();
    this.ripple.markConcerned(this.counters.takeChanges());
    this.#markBirthrights();
    this.#updateNamedPairs();
    const deltasMax = this.published.deltaCount + budgetRecords;
    this.#updateDuePairs(deltasMax);
    this.ripple.run(deltasMax);
  }

  /** A step begins: what the last one told can be asked for no more, and with it numbers of itemsets. */
  begin(): void {
    this.told.begin();
    if (this.ripple.size === 0) this.counters.itemsets.collectEmpty((itemset) => this.#forget(itemset));
  }

  #forget(itemset: number): void {
    this.counters.forgetSet(itemset);
    this.descriptions.forget(itemset);
  }

  reconcile(): void {
    this.counters.makeEvidenceExact();
    this.ripple.markEverything(true);
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
    const named = new Map<number, string | null>();
    const name = (user: number, entitlement: number, cause: string | undefined): void => {
      const key = entitlement * USERS_MAX + user;
      if (cause !== undefined || !named.has(key)) named.set(key, cause ?? null);
    };
    for (const user of this.#changes.users.ids) {
      const cause = this.#changes.causeOfUser.get(user);
      for (const row of pairs.byUser.toArray(user)) name(user, pairs.entitlementOf(row), cause);
      for (const entitlement of this.#recommendable(user)) name(user, entitlement, cause);
    }
    for (const row of this.#changes.assignments.ids) {
      if (pairs.isLive(row)) name(pairs.userOf(row), pairs.entitlementOf(row), this.#changes.causeOfRow.get(row));
    }
    const keys = Float64Array.from(named.keys()).sort();
    for (const key of keys) {
      const entitlement = Math.floor(key / USERS_MAX);
      this.#look(key - entitlement * USERS_MAX, entitlement, named.get(key)!);
    }
  }

  #look(user: number, entitlement: number, cause: string | null): void {
    this.published.update(user, entitlement, cause);
    this.ripple.lookedAt(user, entitlement);
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

/** More users than this cannot be told apart in the key of a pair. */
const USERS_MAX = 2 ** 26;
