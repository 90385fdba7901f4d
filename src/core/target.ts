/**
 * What should be published of one pair, computed from the tables, the clock and one kind of evidence. The answer stands
 * in the fields until the next call.
 */
import type { Band, NotScoredReason, RecommendationRemovedReason } from "../events/delta.ts";
import { Choice, type Evidence } from "./choice.ts";
import type { Company } from "./company.ts";
import type { Counters } from "./counters.ts";
import { EXPIRED, ORPHANED, OUTLIER_LOW, OUTLIER_RARE, RESIDUE_OF_MOVE, STALE_UNUSED } from "./flags.ts";
import { REMOVED } from "./identities.ts";
import { reaches } from "./materiality.ts";
import { NOTHING, PREDICTION, RECOMMENDATION } from "./pairs.ts";
import { NEVER } from "./registers.ts";
import { type Settings, UNKNOWN_IDENTITY_GRACE_MS } from "./settings.ts";

/** A verdict is the band of a scored pair or the reason why it is not scored. 0: nothing is published. */
const BANDS: readonly (Band | null)[] = [null, "high", "medium", "low"];
const HIGH = 1;
const MEDIUM = 2;
const LOW = 3;
const REASONS: readonly NotScoredReason[] = [
  "entitlement-excluded",
  "no-attributes",
  "group-too-small",
  "too-few-holders",
];
const ENTITLEMENT_EXCLUDED = 4;
const NO_ATTRIBUTES = 5;
const GROUP_TOO_SMALL = 6;
const TOO_FEW_HOLDERS = 7;
const DAY_MS = 86_400_000;

export function bandOf(verdict: number): Band | null {
  return verdict < ENTITLEMENT_EXCLUDED ? BANDS[verdict]! : null;
}

export function reasonOf(verdict: number): NotScoredReason | null {
  return verdict < ENTITLEMENT_EXCLUDED ? null : REASONS[verdict - ENTITLEMENT_EXCLUDED]!;
}

export function verdictOf(band: Band | null, reason: NotScoredReason | null): number {
  return reason === null ? BANDS.indexOf(band) : ENTITLEMENT_EXCLUDED + REASONS.indexOf(reason);
}

export class Target {
  /** NOTHING, PREDICTION or RECOMMENDATION. */
  kind: number = NOTHING;
  itemset = -1;
  freqUnion = 0;
  freq = 0;
  bestUnion = 0;
  bestFreq = 0;
  /** See `Choice.secure`. */
  secure = false;
  verdict = 0;
  flags = 0;
  /** Set when the pair is not held: why it is not recommended. */
  notRecommended: RecommendationRemovedReason = "evidence-gone";
  /** The pair's flags look at the identity's previous items, so other rules than its own matter. */
  watchesPrevious = false;
  readonly choice: Choice;
  readonly #company: Company;
  readonly #counters: Counters;
  readonly #settings: Settings;

  constructor(company: Company, counters: Counters, settings: Settings) {
    this.#company = company;
    this.#counters = counters;
    this.#settings = settings;
    this.choice = new Choice(counters, settings);
  }

  /** `row` is the pair's row, or -1. */
  compute(user: number, entitlement: number, row: number, evidence: Evidence): void {
    this.kind = NOTHING;
    this.itemset = -1;
    this.freqUnion = 0;
    this.freq = 0;
    this.bestUnion = 0;
    this.bestFreq = 0;
    this.secure = false;
    this.verdict = 0;
    this.flags = 0;
    this.watchesPrevious = false;
    const held = row >= 0 && this.#company.pairs.isHeld(row);
    const active = this.#company.identities.isActive(user);
    if (active && held) this.#predict(user, entitlement, row, evidence);
    if (active && !held) this.#recommend(user, entitlement, evidence);
    if (held) this.#flagByTable(row, user, active);
  }

  /** Whether more than `birthrightAbove` of all active identities hold it. */
  isBirthright(entitlement: number): boolean {
    const share = this.#settings.birthrightAbove;
    if (share === null) return false;
    const holders = this.#counters.holders[entitlement] ?? 0;
    return holders * share.denominator > share.numerator * this.#counters.activeIdentities;
  }

  /** When the flags of a held pair change by time alone, next after now (ms); Infinity: never. */
  nextDue(row: number): number {
    const { pairs, identities, nowMs } = this.#company;
    if (!pairs.isHeld(row)) return Infinity;
    const unknown = !identities.isActive(pairs.userOf(row)) && identities.state[pairs.userOf(row)] !== REMOVED;
    return Math.min(
      later(this.#staleAt(row), nowMs),
      later(pairs.extraOf(row).expiresAt ?? Infinity, nowMs),
      unknown ? later(pairs.memberAt[row]! + UNKNOWN_IDENTITY_GRACE_MS, nowMs) : Infinity,
    );
  }

  #predict(user: number, entitlement: number, row: number, evidence: Evidence): void {
    this.kind = PREDICTION;
    if (this.choice.forUser(user, entitlement, evidence)) {
      this.#takeChoice(entitlement, evidence);
      if (this.verdict === LOW) this.flags |= OUTLIER_LOW;
    } else {
      this.verdict = this.#whyNotScored(user, entitlement);
      if (this.verdict === TOO_FEW_HOLDERS) this.flags |= OUTLIER_RARE;
    }
    if (this.verdict !== LOW && this.verdict < NO_ATTRIBUTES) return;
    const { identities, pairs } = this.#company;
    if (pairs.memberAt[row]! >= identities.itemsChangedAt[user]!) return;
    this.watchesPrevious = true;
    const scored = this.choice.forItems(identities.previousItemsOf(user), entitlement, evidence);
    if (scored && this.#bandFor(this.choice.freqUnion, this.choice.freq) !== LOW) this.flags |= RESIDUE_OF_MOVE;
  }

  #recommend(user: number, entitlement: number, evidence: Evidence): void {
    const { policy, identities } = this.#company;
    const { recommendExcluded, recommendThreshold } = policy.of(entitlement);
    this.notRecommended = "excluded";
    if (recommendExcluded || !policy.kindIsRecommendedTo(identities.kindOf(user))) return;
    if (this.isBirthright(entitlement)) return;
    this.notRecommended = "evidence-gone";
    if (!this.choice.forUser(user, entitlement, evidence)) return;
    this.notRecommended = "below-threshold";
    if (!reaches(this.choice.freqUnion, this.choice.freq, recommendThreshold)) return;
    this.kind = RECOMMENDATION;
    this.#takeChoice(entitlement, evidence);
  }

  /** Published evidence is what consumers are told: the rules that apply then know of the choice. */
  #takeChoice(entitlement: number, evidence: Evidence): void {
    this.itemset = this.choice.itemset;
    this.freqUnion = this.choice.freqUnion;
    this.freq = this.choice.freq;
    this.bestUnion = this.choice.bestUnion;
    this.bestFreq = this.choice.bestFreq;
    this.secure = this.choice.secure;
    this.verdict = this.#bandFor(this.freqUnion, this.freq);
    if (evidence === "published") this.choice.noteTold(entitlement);
  }

  #bandFor(freqUnion: number, freq: number): number {
    if (reaches(freqUnion, freq, this.#settings.bandHigh)) return HIGH;
    return reaches(freqUnion, freq, this.#settings.bandMedium) ? MEDIUM : LOW;
  }

  #whyNotScored(user: number, entitlement: number): number {
    const { learningExcluded, minSupport } = this.#company.policy.of(entitlement);
    if (learningExcluded) return ENTITLEMENT_EXCLUDED;
    const { itemsets } = this.#counters;
    const { pool, start, length } = itemsets.sets;
    // Who is not counted yet may have nothing but values that nobody is counted with.
    if ((length[user] ?? 0) === 0 && this.#company.identities.featuresOf(user).length === 0) return NO_ATTRIBUTES;
    const end = start[user]! + length[user]!;
    for (let at = start[user]!; at < end; at++) {
      if (itemsets.depthOf(pool[at]!) === 1 && itemsets.freq(pool[at]!) >= minSupport) return TOO_FEW_HOLDERS;
    }
    return GROUP_TOO_SMALL;
  }

  #flagByTable(row: number, user: number, active: boolean): void {
    const { pairs, identities, nowMs } = this.#company;
    if (!active) {
      const removed = identities.state[user] === REMOVED;
      if (removed || pairs.memberAt[row]! + UNKNOWN_IDENTITY_GRACE_MS <= nowMs) this.flags |= ORPHANED;
    }
    if (this.#staleAt(row) <= nowMs) this.flags |= STALE_UNUSED;
    if ((pairs.extraOf(row).expiresAt ?? Infinity) <= nowMs) this.flags |= EXPIRED;
  }

  /** The first millisecond at which the access has been unused for longer than `unusedAfterDays`. */
  #staleAt(row: number): number {
    const { pairs } = this.#company;
    const last = pairs.lastUsedAt[row]! === NEVER ? pairs.memberAt[row]! : pairs.lastUsedAt[row]!;
    return last + this.#settings.unusedAfterDays * DAY_MS + 1;
  }
}

function later(moment: number, now: number): number {
  return moment > now ? moment : Infinity;
}
