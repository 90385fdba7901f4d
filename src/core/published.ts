/**
 * The published view: compares what should be published of a pair with what was, and turns the difference into deltas.
 * It is changed nowhere else, so the sum of all deltas always equals it.
 */
import type { FlagRemoved, RecommendationRemovedReason } from "../events/delta.ts";
import type { Changes } from "./changes.ts";
import type { ChoiceReader } from "./choices-ahead.ts";
import type { Company } from "./company.ts";
import type { DeltaLog, ScoreCode } from "./delta-log.ts";
import { DueQueue } from "./due-queue.ts";
import { NOTHING, PREDICTION } from "./pairs.ts";
import type { Target } from "./target.ts";
import { Watching } from "./watching.ts";

export class Published {
  readonly watching: Watching;
  readonly #company: Company;
  readonly #target: Target;
  readonly #log: DeltaLog;
  readonly #changes: Changes;
  readonly #due: DueQueue;

  constructor(company: Company, target: Target, log: DeltaLog, changes: Changes) {
    this.#company = company;
    this.#target = target;
    this.#log = log;
    this.#changes = changes;
    this.watching = new Watching(company.identities);
    this.#due = new DueQueue(company.nowMs);
  }

  /** Of this step. */
  get deltaCount(): number {
    return this.#log.size;
  }

  /**
   * So many pairs of this entitlement, in the order of their users, and no others, are about to be updated, until
   * `looksDone`, and so many in all, the later ones perhaps in later steps. `ahead`: what was chosen for them already.
   */
  expectLooks(entitlement: number, count: number, countInAll: number, ahead: ChoiceReader | null): void {
    this.#target.choice.expect(entitlement, count, countInAll, ahead);
  }

  looksDone(): void {
    this.#target.choice.done();
  }

  /** Brings what is published of one pair up to the target. */
  update(user: number, entitlement: number, cause: string | null): void {
    const { pairs } = this.#company;
    const target = this.#target;
    let row = pairs.find(user, entitlement);
    target.compute(user, entitlement, row, "published");
    if (row === -1) {
      if (target.kind === NOTHING) return;
      row = pairs.findOrMake(user, entitlement);
    }
    this.watching.set(user, entitlement, target.watchesPrevious);
    pairs.setBest(row, target.bestUnion, target.bestFreq, target.secure);
    const due = target.nextDue(row);
    if (due !== Infinity) this.#due.push(due, row);
    const sameScore = this.#sameScore(row);
    const flagsBefore = pairs.flagsOf(row);
    if (sameScore && flagsBefore === target.flags) return pairs.releaseIfBlank(row);
    if (!sameScore) this.#emitScore(row, cause);
    if (flagsBefore !== target.flags) this.#emitFlags(row, flagsBefore, cause);
    this.#store(row);
  }

  /** Rows whose flags fall due by now. */
  takeDue(): number[] {
    const rows: number[] = [];
    for (let row = this.#due.popDue(this.#company.nowMs); row !== -1; row = this.#due.popDue(this.#company.nowMs)) {
      if (this.#company.pairs.isLive(row)) rows.push(row);
    }
    return rows;
  }

  #sameScore(row: number): boolean {
    const { pairs } = this.#company;
    const target = this.#target;
    return (
      pairs.publishedOf(row) === target.kind &&
      pairs.winnerOf(row) === target.itemset &&
      pairs.freqUnionOf(row) === target.freqUnion &&
      pairs.freqOf(row) === target.freq &&
      pairs.verdictOf(row) === target.verdict
    );
  }

  #emitScore(row: number, cause: string | null): void {
    const before = this.#company.pairs.publishedOf(row);
    const target = this.#target;
    if (before !== NOTHING && before !== target.kind) this.#emitRemoval(row, before, cause);
    if (target.kind === NOTHING) return;
    const { pairs } = this.#company;
    const previous = before === target.kind ? this.#scoreOf(row) : null;
    this.#log.addScore(target.kind, pairs.userOf(row), pairs.entitlementOf(row), target, previous, cause);
  }

  #scoreOf(row: number): ScoreCode {
    const { pairs } = this.#company;
    const [itemset, freqUnion, freq] = [pairs.winnerOf(row), pairs.freqUnionOf(row), pairs.freqOf(row)];
    return { itemset, freqUnion, freq, verdict: pairs.verdictOf(row) };
  }

  #emitRemoval(row: number, before: number, cause: string | null): void {
    const pair = { ...this.#company.namesOf(row), cause };
    if (before === PREDICTION) {
      const reason = this.#company.pairs.isHeld(row) ? "left" : "revoked";
      this.#log.add({ type: "prediction.removed", ...pair, reason });
    } else {
      this.#log.add({ type: "recommendation.removed", ...pair, reason: this.#whyWithdrawn(row) });
    }
  }

  #whyWithdrawn(row: number): RecommendationRemovedReason {
    const { pairs, identities } = this.#company;
    if (!identities.isActive(pairs.userOf(row))) return "left";
    return pairs.isHeld(row) ? "now-held" : this.#target.notRecommended;
  }

  #emitFlags(row: number, before: number, cause: string | null): void {
    const { pairs, identities } = this.#company;
    const { flags } = this.#target;
    if (flags !== 0) {
      this.#log.addFlags(pairs.userOf(row), pairs.entitlementOf(row), flags, before, cause);
      return;
    }
    let reason: FlagRemoved["reason"] = "cleared";
    if (!pairs.isHeld(row)) reason = "revoked";
    else if (!identities.isActive(pairs.userOf(row))) reason = "left";
    this.#log.add({ type: "flag.removed", ...this.#company.namesOf(row), cause, reason });
  }

  #store(row: number): void {
    const { pairs } = this.#company;
    const target = this.#target;
    pairs.tell(row, target.kind, target.itemset, target.freqUnion, target.freq, target.verdict, target.flags);
    this.#changes.published.add(row);
    if (target.kind !== NOTHING || target.flags !== 0) return;
    this.#changes.unpublished.push([pairs.entitlementOf(row), pairs.userOf(row)]);
    pairs.releaseIfBlank(row);
  }
}
