/**
 * The counters: freq of every tracked itemset, and freqUnion of every rule, entitlement by entitlement.
 *
 *  1. Between steps a rule table holds (S, e) exactly when freqUnion(S, e) ≥ minSupport(e), with people, assignments and
 *     policies that wait to be counted (uncounted.ts) as they were counted. Pairs below support are not kept: when one may
 *     have reached support it is counted on demand (union-count.ts).
 *  2. Published evidence obeys the conditions of materiality after every step.
 *  3. A freq in its quiet range promises that no rule of the itemset became material by freq alone.
 */
import { IdSet } from "./changes.ts";
import type { Company } from "./company.ts";
import { floorForAny } from "./floors.ts";
import { awaited, type Helper, shareOf } from "./help.ts";
import { IntLists } from "./int-lists.ts";
import { Itemsets } from "./itemsets.ts";
import { Materiality, type QuietRange, reaches } from "./materiality.ts";
import { blockOf, FREQ_MAX, QuietRanges } from "./quiet-ranges.ts";
import type { EvidenceRow } from "./rows.ts";
import { type CountedRules, rulesByEntitlement, rulesByItemset } from "./rule-count.ts";
import { fillRules } from "./rule-fill.ts";
import { firstPlaces, PUBLISHED_FREQ, PUBLISHED_UNION, RULE_WIDTH, RuleTable } from "./rule-tables.ts";
import type { Fraction, Settings } from "./settings.ts";
import { SLICE, type Slices } from "./slices.ts";

/** A rule whose published evidence changed; 0, 0 before: it is new; gone from the table: it lost support. */
export interface RuleChange {
  readonly entitlement: number;
  readonly itemset: number;
  readonly unionBefore: number;
  readonly freqBefore: number;
  /** Before, of some pair that consumers were told of it was the choice, or had the best confidence, for all we know. */
  readonly ledBefore: boolean;
  /** A later change of the same rule, while this one was not followed yet (ripple.ts). */
  later: RuleChange | null;
}

/** As many of the rules are put into tables here as a helper, who has nothing else to do, leaves. */
const TABLES_FILLED_MEANWHILE = 0.4;

export class Counters {
  readonly itemsets: Itemsets;
  /** By entitlement. */
  readonly tables: RuleTable[] = [];
  /** By itemset: entitlements it has rules with; and of these those that it recommends by published evidence. */
  readonly rulesOf: IntLists = new IntLists();
  readonly strongOf: IntLists = new IntLists();
  /** By entitlement: holders among active identities. */
  readonly holders: number[] = [];
  activeIdentities = 0;
  /** What `firstPlaces` read: says nothing, but what nobody takes would not be read. */
  readAhead = 0;
  readonly #company: Company;
  readonly materiality: Materiality;
  readonly #window: Fraction;
  readonly #quiet: QuietRanges = new QuietRanges();
  readonly #range: QuietRange = { low: 0, high: FREQ_MAX };
  /** Itemsets all of whose rules were checked in this step. */
  readonly #checkedSets: IdSet = new IdSet();
  /** Itemsets whose freq changed in this step, with freq before. */
  readonly movedSets: IdSet = new IdSet();
  readonly #freqBefore: Map<number, number> = new Map();
  #changes: RuleChange[] = [];
  /** false while everything is built anew: then all pairs are looked at, and nobody asks what changed. */
  #recording = true;

  constructor(company: Company, settings: Settings) {
    this.#company = company;
    this.materiality = new Materiality(settings);
    this.#window = settings.confidenceWindow;
    this.itemsets = new Itemsets(
      company.items,
      settings.maxRuleLength,
      company.policy.supportFloor,
      (node, freqBefore) => {
        if (this.movedSets.has(node)) return;
        this.movedSets.add(node);
        this.#freqBefore.set(node, freqBefore);
      },
    );
  }

  table(entitlement: number): RuleTable {
    while (this.tables.length <= entitlement) {
      this.tables.push(new RuleTable());
      this.holders.push(0);
    }
    return this.tables[entitlement]!;
  }

  freqBefore(itemset: number): number {
    return this.#freqBefore.get(itemset) ?? this.itemsets.freq(itemset);
  }

  /** `floor`: of a rule that applies wherever this one does, or 0. It has no published evidence yet. */
  addRule(entitlement: number, itemset: number, freqUnion: number, floor: number): void {
    this.#insertRule(entitlement, itemset, freqUnion, floor);
    this.rulesOf.insert(itemset, entitlement);
  }

  /** Gives an itemset without rules those of another one (-1: none) with the same members. */
  repeatRules(itemset: number, other: number): void {
    const entitlements = other === -1 ? [] : this.rulesOf.toArray(other);
    for (const entitlement of entitlements) {
      const table = this.tables[entitlement]!;
      const from = table.find(other);
      const toldUnion = table.slots[from + PUBLISHED_UNION]!;
      const toldFreq = table.slots[from + PUBLISHED_FREQ]!;
      const to = this.#insertRule(entitlement, itemset, table.freqUnionAt(from), table.floorAt(from));
      table.publish(to, toldUnion, toldFreq);
      // Of the other rule some pairs may know older evidence.
      this.#changes.push({ entitlement, itemset, unionBefore: 0, freqBefore: 0, ledBefore: false, later: null });
    }
    this.rulesOf.assign(itemset, entitlements);
    if (other !== -1) this.strongOf.assign(itemset, this.strongOf.toArray(other));
  }

  /** The offset of the new rule in its table. */
  #insertRule(entitlement: number, itemset: number, freqUnion: number, floor: number): number {
    const table = this.table(entitlement);
    const slot = table.insert(itemset, freqUnion);
    table.setFloor(slot, floorForAny(floor, this.#window));
    // Some pairs may still know it from before it lost support.
    table.setLeads(slot, true);
    return slot;
  }

  /** Batch path: takes all rules over, with exact evidence as published; a helper fills some tables. There is none yet. */
  *takeRules(counted: readonly CountedRules[], helper: Helper | null): Slices<void> {
    const sizes = rulesByEntitlement(counted, this.tables.length);
    const freqs = this.itemsets.members.length;
    const basis = { counted, freqs, sizes, from: 0, end: sizes.length };
    const end = helper === null ? sizes.length : shareOf(sizes, sizes.length, TABLES_FILLED_MEANWHILE);
    const errand = end === sizes.length ? null : helper!.fillRules({ ...basis, from: end });
    yield* this.#indexRules(counted);
    const own = yield* fillRules({ ...basis, end });
    const others = end === sizes.length ? [] : yield* awaited(errand, () => fillRules({ ...basis, from: end }));
    for (const [entitlement, slots] of [...own, ...others].entries()) {
      this.tables[entitlement] = RuleTable.of(slots, sizes[entitlement]!);
    }
  }

  /** Which itemset has rules with which entitlements, and strong ones. */
  *#indexRules(counted: readonly CountedRules[]): Slices<void> {
    const { policy } = this.#company;
    const strong: number[] = [];
    const counts = rulesByItemset(counted);
    this.rulesOf.allocate(counts);
    let done = 0;
    for (const { first, last, starts, ends, entitlements, freqUnions } of counted) {
      for (let itemset = first; itemset < last; itemset++) {
        done += counts[itemset]!;
        if (done > SLICE) {
          done = 0;
          yield;
        }
        const to = this.rulesOf.start[itemset]! - starts[itemset]!;
        const freq = this.itemsets.freq(itemset);
        strong.length = 0;
        for (let at = starts[itemset]!; at < ends[itemset]!; at++) {
          const entitlement = entitlements[at]!;
          this.rulesOf.pool[to + at] = entitlement;
          if (reaches(freqUnions[at]!, freq, policy.of(entitlement).recommendThreshold)) strong.push(entitlement);
        }
        if (strong.length > 0) this.strongOf.assign(itemset, strong);
      }
    }
  }

  /** Takes evidence that consumers know of back as published, unless it is material by now. The last one counts. */
  restore(entitlement: number, itemset: number, toldUnion: number, toldFreq: number): void {
    const table = this.table(entitlement);
    const slot = table.find(itemset);
    if (slot === -1 || toldUnion < this.#company.policy.of(entitlement).minSupport) return;
    if (this.#isMaterial(entitlement, itemset, slot, toldUnion, toldFreq)) return;
    this.#recording = false;
    this.#publishEvidence(entitlement, itemset, slot, toldUnion, toldFreq);
    this.#recording = true;
  }

  /** From the tables of before, one for every entitlement: `formerOf` names by itemset the one of the same items there, or -1. */
  *restoreAll(former: readonly RuleTable[], formerOf: Int32Array): Slices<void> {
    let done = 0;
    for (const [entitlement, { slots }] of this.tables.entries()) {
      const { slots: formerSlots } = former[entitlement]!;
      for (let slot = 0; slot < slots.length; slot += RULE_WIDTH) {
        if (++done % SLICE === 0) yield;
        if (slots[slot] === 0 || formerOf[slots[slot]! - 1] === -1) continue;
        const at = former[entitlement]!.find(formerOf[slots[slot]! - 1]!);
        if (at === -1) continue;
        const [union, freq] = [formerSlots[at + PUBLISHED_UNION]!, formerSlots[at + PUBLISHED_FREQ]!];
        this.restore(entitlement, slots[slot]! - 1, union, freq);
      }
    }
  }

  /** Checks one rule whose freqUnion may have changed: support, then materiality. After `checkMovedSets`. */
  checkRule(entitlement: number, itemset: number): void {
    if (this.#checkedSets.has(itemset)) return;
    const table = this.tables[entitlement]!;
    const slot = table.find(itemset);
    if (slot === -1) return;
    const policy = this.#company.policy.of(entitlement);
    if (table.freqUnionAt(slot) < policy.minSupport) return this.#dropRule(entitlement, itemset, slot);
    this.#propagateIfMaterial(entitlement, itemset, slot);
    this.#openRange();
    this.#narrowRange(entitlement, slot);
    this.#quiet.narrow(itemset, entitlement, this.#range);
  }

  /** Checks rules of the itemsets whose freq left their quiet range. */
  checkMovedSets(): void {
    for (const itemset of this.movedSets.ids) {
      const freq = this.itemsets.freq(itemset);
      if (freq !== this.#freqBefore.get(itemset) && !this.#quiet.has(itemset, freq)) this.#checkRulesOf(itemset, freq);
    }
  }

  /** Makes published evidence exact. No changes are recorded: the caller looks at all pairs afterwards. */
  makeEvidenceExact(): void {
    this.#recording = false;
    for (const [entitlement, { slots }] of this.tables.entries()) {
      for (let slot = 0; slot < slots.length; slot += RULE_WIDTH) {
        if (slots[slot] !== 0) this.#propagate(entitlement, slots[slot]! - 1, slot);
      }
    }
    this.#recording = true;
    this.#quiet.forgetAll();
  }

  /** Published evidence that differs from exact evidence. */
  *driftedEvidence(): Generator<EvidenceRow> {
    for (const [entitlement, table] of this.tables.entries()) {
      const { slots } = table;
      for (let slot = 0; slot < slots.length; slot += RULE_WIDTH) {
        if (slots[slot] === 0) continue;
        const itemset = slots[slot]! - 1;
        const toldUnion = slots[slot + PUBLISHED_UNION]!;
        const toldFreq = slots[slot + PUBLISHED_FREQ]!;
        if (toldUnion === table.freqUnionAt(slot) && toldFreq === this.itemsets.freq(itemset)) continue;
        yield [entitlement, this.itemsets.itemsOf(itemset).join(" "), toldUnion, toldFreq];
      }
    }
  }

  /** Published evidence := exact evidence. */
  #propagate(entitlement: number, itemset: number, slot: number): void {
    const freqUnion = this.tables[entitlement]!.freqUnionAt(slot);
    this.#publishEvidence(entitlement, itemset, slot, freqUnion, this.itemsets.freq(itemset));
  }

  #publishEvidence(entitlement: number, itemset: number, slot: number, freqUnion: number, freq: number): void {
    const table = this.tables[entitlement]!;
    const unionBefore = table.slots[slot + PUBLISHED_UNION]!;
    const freqBefore = table.slots[slot + PUBLISHED_FREQ]!;
    if (unionBefore === freqUnion && freqBefore === freq) return;
    table.publish(slot, freqUnion, freq);
    const threshold = this.#company.policy.of(entitlement).recommendThreshold;
    const wasStrong = unionBefore > 0 && reaches(unionBefore, freqBefore, threshold);
    const isStrong = reaches(freqUnion, freq, threshold);
    if (isStrong && !wasStrong) this.strongOf.insert(itemset, entitlement);
    if (wasStrong && !isStrong) this.strongOf.remove(itemset, entitlement);
    if (!this.#recording) return;
    const ledBefore = table.leadsAt(slot);
    this.#changes.push({ entitlement, itemset, unionBefore, freqBefore, ledBefore, later: null });
  }

  #isMaterial(entitlement: number, itemset: number, slot: number, toldUnion: number, toldFreq: number): boolean {
    const freqUnion = this.tables[entitlement]!.freqUnionAt(slot);
    const threshold = this.#company.policy.of(entitlement).recommendThreshold;
    return this.materiality.isMaterial(freqUnion, this.itemsets.freq(itemset), toldUnion, toldFreq, threshold);
  }

  /** Drops all rules of an entitlement, before it is counted anew. */
  dropRulesOf(entitlement: number): void {
    const table = this.table(entitlement);
    for (const itemset of table.itemsets()) {
      this.rulesOf.remove(itemset, entitlement);
      this.strongOf.remove(itemset, entitlement);
    }
    table.clear();
  }

  /** The changes of published evidence since the last call. */
  takeChanges(): RuleChange[] {
    const changes = this.#changes;
    this.#changes = [];
    this.movedSets.clear();
    this.#freqBefore.clear();
    this.#checkedSets.clear();
    return changes;
  }

  /** An itemset id is about to be used for another itemset. */
  forgetSet(itemset: number): void {
    this.#quiet.forget(itemset);
  }

  #checkRulesOf(itemset: number, freq: number): void {
    const entitlements = this.#quiet.open(itemset, freq, this.rulesOf.toArray(itemset));
    if (entitlements.length === this.rulesOf.count(itemset)) this.#checkedSets.add(itemset);
    this.readAhead = firstPlaces(itemset, this.tables, entitlements, 0, entitlements.length);
    this.#openRange();
    for (let i = 0; i < entitlements.length; i++) {
      const entitlement = entitlements[i]!;
      const slot = this.tables[entitlement]!.find(itemset);
      if (this.tables[entitlement]!.freqUnionAt(slot) < this.#company.policy.of(entitlement).minSupport) {
        this.#dropRule(entitlement, itemset, slot);
      } else {
        this.#propagateIfMaterial(entitlement, itemset, slot);
        this.#narrowRange(entitlement, slot);
      }
      if (i + 1 < entitlements.length && blockOf(entitlement) === blockOf(entitlements[i + 1]!)) continue;
      this.#quiet.narrow(itemset, entitlement, this.#range);
      this.#openRange();
    }
    this.#quiet.close(itemset);
  }

  #propagateIfMaterial(entitlement: number, itemset: number, slot: number): void {
    const { slots } = this.tables[entitlement]!;
    const toldUnion = slots[slot + PUBLISHED_UNION]!;
    if (toldUnion > 0 && !this.#isMaterial(entitlement, itemset, slot, toldUnion, slots[slot + PUBLISHED_FREQ]!))
      return;
    this.#propagate(entitlement, itemset, slot);
  }

  #openRange(): void {
    this.#range.low = 0;
    this.#range.high = FREQ_MAX;
  }

  #narrowRange(entitlement: number, slot: number): void {
    const table = this.tables[entitlement]!;
    this.materiality.narrow(
      this.#range,
      table.freqUnionAt(slot),
      table.slots[slot + PUBLISHED_UNION]!,
      table.slots[slot + PUBLISHED_FREQ]!,
      this.#company.policy.of(entitlement).recommendThreshold,
    );
  }

  #dropRule(entitlement: number, itemset: number, slot: number): void {
    const table = this.tables[entitlement]!;
    const unionBefore = table.slots[slot + PUBLISHED_UNION]!;
    const freqBefore = table.slots[slot + PUBLISHED_FREQ]!;
    const ledBefore = table.leadsAt(slot);
    table.delete(itemset);
    this.rulesOf.remove(itemset, entitlement);
    this.strongOf.remove(itemset, entitlement);
    if (unionBefore === 0) return;
    this.#changes.push({ entitlement, itemset, unionBefore, freqBefore, ledBefore, later: null });
  }
}
