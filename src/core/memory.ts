/**
 * What the engine gives away to be kept and takes back: rows of the tables, and what consumers were told.
 *
 * While the engine is at rest there are no itemsets; the rule of a published pair is then a number of `#rules`.
 */

import type { Changes } from "./changes.ts";
import type { Company } from "./company.ts";
import { Deferred } from "./deferred.ts";
import { bitsOf } from "./flags.ts";
import type { Helper, PlantingWork } from "./help.ts";
import type { Live } from "./live.ts";
import { NOTHING, PREDICTION, RECOMMENDATION } from "./pairs.ts";
import { isSameBasis, type MayImply, plantingBasis } from "./planted.ts";
import type { AssignmentChunk, ItemRow, KeptEvidence, PublishedChunk, PublishedRow, TableChanges } from "./rows.ts";
import type { Slices } from "./slices.ts";
import type { PairFlagsRow, PairScoreRow } from "./tables.ts";
import { bandOf, reasonOf, verdictOf } from "./target.ts";

/** Fewer new pairs than this are written down as rows. */
const CHUNK_ROWS_MIN = 8;

export const NO_EVIDENCE: KeptEvidence = { drifted: [], implications: [] };

export class Memory {
  readonly #company: Company;
  readonly #changes: Changes;
  #rules: (readonly number[])[] = [];
  readonly #ruleNumbers: Map<string, number> = new Map();
  #itemsKept = 0;
  /** Of a pair whose row number is below this, a row may have been given away. */
  #pairsKept = 0;
  /** Pending marks that the store has. */
  readonly #pendingKept: Set<number> = new Set();
  #evidence: KeptEvidence = NO_EVIDENCE;
  #published: Deferred<PublishedRow[]> | null = null;
  #planting: PlantingWork | null = null;

  constructor(company: Company, changes: Changes) {
    this.#company = company;
    this.#changes = changes;
  }

  loadItems(rows: readonly ItemRow[]): void {
    for (const [, attribute, value] of rows) this.#company.items.intern(attribute, value);
    this.#itemsKept = this.#company.items.size;
  }

  loadAssignments(chunk: AssignmentChunk): void {
    this.#company.loadAssignments(chunk);
    this.#pairsKept = this.#company.pairs.size;
  }

  loadPending(entitlements: readonly number[]): void {
    for (const entitlement of entitlements) this.#pendingKept.add(entitlement);
  }

  loadEvidence({ drifted, implications }: KeptEvidence): void {
    this.#evidence = { drifted: [...drifted], implications: [...implications] };
  }

  evidenceOf({ counters }: Live): KeptEvidence {
    return { drifted: counters.driftedEvidence(), implications: counters.itemsets.implications };
  }

  loadPublished(chunk: PublishedChunk): void {
    const { pairs } = this.#company;
    const { entitlements, users, kinds, ruleAt, freqUnions, freqs, bands, reasons, flags } = chunk;
    const rules = chunk.rules.map((rule) => (rule === "" ? -1 : this.#ruleNumber(rule)));
    for (let i = 0; i < users.length; i++) {
      const row = pairs.findOrMake(users[i]!, entitlements[i]!);
      const verdict = bands[i]! + reasons[i]!;
      pairs.tell(row, kinds[i]!, rules[ruleAt[i]!]!, freqUnions[i]!, freqs[i]!, verdict, flags[i]!);
    }
  }

  /** Replaces what consumers were told by what the output topics say; the next step writes it down. At rest only. */
  restorePublished(
    predictions: Iterable<PairScoreRow>,
    recommendations: Iterable<PairScoreRow>,
    flags: Iterable<PairFlagsRow>,
  ): void {
    const { pairs } = this.#company;
    for (let row = 0; row < pairs.size; row++) {
      if (!pairs.isLive(row) || !pairs.isTold(row)) continue;
      pairs.tell(row, NOTHING, -1, 0, 0, 0, 0);
      this.#changes.unpublished.push([pairs.entitlementOf(row), pairs.userOf(row)]);
    }
    for (const told of predictions) this.#restoreScore(told, PREDICTION);
    for (const told of recommendations) this.#restoreScore(told, RECOMMENDATION);
    for (const told of flags) {
      const row = this.#rowOf(told.user, told.entitlement);
      pairs.tellFlags(row, bitsOf(told.flags));
      this.#changes.published.add(row);
    }
  }

  /**
   * Puts rows side by side that will be looked at together, but not while changes name rows, and makes their maps. At rest
   * only.
   */
  arrange(): void {
    const { assignments, published } = this.#changes;
    const { pairs } = this.#company;
    if (assignments.ids.length === 0 && published.ids.length === 0) pairs.arrange(this.#pairsKept);
    pairs.mapRows();
  }

  /**
   * Has the itemsets of the people as they are planted, by a helper if there is one; if it was asked to before, and they are
   * as they were, that is what counts.
   */
  *plant(lengthMax: number, helper: Helper | null): Slices<PlantingWork> {
    const basis = yield* plantingBasis(this.#company, lengthMax, this.#implicationsWanted());
    if (this.#planting === null || !isSameBasis(this.#planting.basis, basis)) {
      this.#planting = { basis, planted: helper?.plant(basis) ?? null };
    }
    // Who cannot rest must not wait: nobody could answer.
    const isTooLate = helper === null && this.#planting.planted?.result === undefined;
    return isTooLate ? { basis, planted: null } : this.#planting;
  }

  /** Counts everything, translates published rules to itemsets, restores their evidence and marks every pair. */
  *attach(live: Live, planting: PlantingWork, helper: Helper | null): Slices<void> {
    const { pairs } = this.#company;
    const { counters } = live;
    const counted = yield* live.settle.build(planting, helper, () => this.arrange());
    this.#planting = null;
    yield* counters.takeRules(counted, helper);
    // These may be of some steps ago; what a pair was told came later.
    for (const [entitlement, rule, freqUnion, freq] of this.#evidence.drifted) {
      const node = counters.itemsets.find(rule.split(" ").map(Number));
      if (node !== -1) counters.restore(entitlement, node, freqUnion, freq);
    }
    const nodes = this.#rules.map((items) => counters.itemsets.intern(items));
    for (let row = 0; row < pairs.size; row++) {
      if (!pairs.isLive(row) || pairs.winnerOf(row) === -1) continue;
      const node = nodes[pairs.winnerOf(row)]!;
      pairs.setWinner(row, node);
      pairs.setBest(row, 0, 0, false);
      counters.restore(pairs.entitlementOf(row), node, pairs.freqUnionOf(row), pairs.freqOf(row));
    }
    this.#evidence = NO_EVIDENCE;
    this.#rules = [];
    this.#ruleNumbers.clear();
    live.markAllPending();
  }

  /** Another one takes the place of `before`: `nodes` names its nodes that may have rules by itemset of before, or -1. */
  replace(before: Live, live: Live, nodes: Int32Array): void {
    const { pairs } = this.#company;
    for (let row = 0; row < pairs.size; row++) {
      if (!pairs.isLive(row) || pairs.winnerOf(row) === -1) continue;
      const winner = pairs.winnerOf(row);
      const known = nodes[winner] ?? -1;
      const node = known === -1 ? live.counters.itemsets.intern(before.counters.itemsets.itemsOf(winner)) : known;
      pairs.setWinner(row, node);
      pairs.setBest(row, 0, 0, false);
    }
    live.inherit(before);
    live.markAllPending();
  }

  detach(live: Live): void {
    const { pairs } = this.#company;
    this.loadEvidence(this.evidenceOf(live));
    const { itemsets } = live.counters;
    for (let row = 0; row < pairs.size; row++) {
      if (!pairs.isLive(row) || pairs.winnerOf(row) === -1) continue;
      pairs.setWinner(row, this.#ruleNumber(itemsets.itemsOf(pairs.winnerOf(row)).join(" ")));
    }
  }

  /**
   * Where evidence drifted, an itemset need not be published as another one with the same members is: there no implication
   * begins. Where it is exact, all of them are.
   */
  #implicationsWanted(): MayImply {
    const drifted = new Set<number>();
    for (const [, rule] of this.#evidence.drifted) for (const item of rule.split(" ")) drifted.add(Number(item));
    const known = new Set<string>();
    for (const [item, implied] of this.#evidence.implications) known.add(`${item} ${implied}`);
    return (item, implied) => !drifted.has(item) || known.has(`${item} ${implied}`);
  }

  /** What the last step published can be asked for no more: rows are about to change, or the numbers of their rules. */
  endStep(): void {
    this.#published?.end();
    this.#published = null;
  }

  /** What changed since the last call. `live` null: at rest. */
  takeChanges(live: Live | null): TableChanges {
    const { identities, catalog, items } = this.#company;
    const changes = this.#changes;
    const newItems: ItemRow[] = [];
    for (; this.#itemsKept < items.size; this.#itemsKept++) {
      newItems.push([this.#itemsKept, items.attributeOf(this.#itemsKept), items.valueOf(this.#itemsKept)]);
    }
    const published = this.#takePublished(live);
    const taken: TableChanges = {
      users: changes.users.ids.map((user) => identities.row(user)),
      entitlements: changes.entitlements.ids.map((entitlement) => catalog.row(entitlement)),
      applications: [...changes.applications].map((application) => catalog.applicationRow(application)),
      items: newItems,
      ...this.#assignmentChanges(),
      get published() {
        return published.value;
      },
      ...this.#pendingChanges(live),
    };
    changes.clear();
    return taken;
  }

  #assignmentChanges(): Pick<TableChanges, "newAssignments" | "assignments"> {
    const { pairs } = this.#company;
    const fresh: number[] = [];
    const known: number[] = [];
    for (const row of this.#changes.assignments.ids) {
      if (pairs.isLive(row)) (row < this.#pairsKept ? known : fresh).push(row);
    }
    this.#pairsKept = pairs.size;
    const isChunk = fresh.length >= CHUNK_ROWS_MIN;
    return {
      newAssignments: isChunk ? [this.#company.assignmentChunk(fresh)] : [],
      assignments: (isChunk ? known : [...known, ...fresh]).map((row) => this.#company.assignmentRow(row)),
    };
  }

  #takePublished(live: Live | null): Deferred<PublishedRow[]> {
    const rows = this.#changes.published.take();
    const gone = this.#changes.takeUnpublished();
    const published = new Deferred(() => this.#publishedRows(rows, gone, live));
    this.#published = published;
    return published;
  }

  #publishedRows(changed: readonly number[], gone: Changes["unpublished"], live: Live | null): PublishedRow[] {
    const { pairs } = this.#company;
    const isTold = (row: number): boolean => row !== -1 && pairs.isTold(row);
    const rows: PublishedRow[] = [];
    for (const [entitlement, user] of gone) {
      if (!isTold(pairs.find(user, entitlement))) rows.push([entitlement, user, NOTHING, "", 0, 0, 0, 0, 0]);
    }
    for (const row of changed) if (pairs.isLive(row) && isTold(row)) rows.push(this.#publishedRow(row, live));
    return rows;
  }

  #publishedRow(row: number, live: Live | null): PublishedRow {
    const { pairs } = this.#company;
    const verdict = pairs.verdictOf(row);
    return [
      pairs.entitlementOf(row),
      pairs.userOf(row),
      pairs.publishedOf(row),
      this.winnerItems(row, live).join(" "),
      pairs.freqUnionOf(row),
      pairs.freqOf(row),
      bandOf(verdict) === null ? 0 : verdict,
      reasonOf(verdict) === null ? 0 : verdict,
      pairs.flagsOf(row),
    ];
  }

  /** Items of the published rule of a row; `live` null: at rest. */
  winnerItems(row: number, live: Live | null): readonly number[] {
    const winner = this.#company.pairs.winnerOf(row);
    if (winner === -1) return [];
    return live === null ? this.#rules[winner]! : live.counters.itemsets.itemsOf(winner);
  }

  #pendingChanges(live: Live | null): { pendingMarked: number[]; pendingCleared: number[] } {
    if (live === null) return { pendingMarked: [], pendingCleared: [] };
    const now = new Set(live.ripple.remembered());
    const pendingMarked = [...now].filter((entitlement) => !this.#pendingKept.has(entitlement));
    const pendingCleared = [...this.#pendingKept].filter((entitlement) => !live.ripple.isWaiting(entitlement));
    for (const entitlement of pendingMarked) this.#pendingKept.add(entitlement);
    for (const entitlement of pendingCleared) this.#pendingKept.delete(entitlement);
    return { pendingMarked, pendingCleared };
  }

  #restoreScore(told: PairScoreRow, kind: number): void {
    const { pairs, items } = this.#company;
    const row = this.#rowOf(told.user, told.entitlement);
    const { rule, freqUnion, freq, band, reason } = told.score;
    const ruleItems = rule.map(({ attribute, value }) => items.intern(attribute, value));
    const winner = rule.length === 0 ? -1 : this.#ruleNumber(ruleItems.join(" "));
    pairs.tell(row, kind, winner, freqUnion, freq, verdictOf(band, reason), pairs.flagsOf(row));
    this.#changes.published.add(row);
  }

  #rowOf(user: string, entitlement: string): number {
    return this.#company.pairs.findOrMake(
      this.#company.internUser(user, this.#changes),
      this.#company.internEntitlement(entitlement, this.#changes),
    );
  }

  #ruleNumber(rule: string): number {
    const known = this.#ruleNumbers.get(rule);
    if (known !== undefined) return known;
    const number = this.#rules.length;
    this.#rules.push(rule.split(" ").map(Number));
    this.#ruleNumbers.set(rule, number);
    return number;
  }
}
