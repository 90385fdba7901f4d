/**
 * What a step tells. Scores and flags, nearly all of it, are kept as columns: the deltas of a first view are millions of
 * objects, and who only wants the view never makes them.
 */
import type { Delta, Score } from "../events/delta.ts";
import type { Company } from "./company.ts";
import type { Descriptions } from "./descriptions.ts";
import { flagsOf } from "./flags.ts";
import { largerIntegers } from "./larger.ts";
import { PREDICTION } from "./pairs.ts";
import { bandOf, reasonOf } from "./target.ts";

/** The chosen rule and its evidence as integers; `verdict` as `target.ts` codes it. */
export interface ScoreCode {
  readonly itemset: number;
  readonly freqUnion: number;
  readonly freq: number;
  readonly verdict: number;
}

const WIDTH = 11;
const KIND = 0;
const USER = 1;
const ENTITLEMENT = 2;
const SCORE = 3;
const PREVIOUS = 7;
/** A kind beside PREDICTION and RECOMMENDATION: flags as bits in the place of the score, and of the previous one. */
const FLAGS = 3;
/** Of a score: itemset, freqUnion, freq, verdict. */
const VERDICT = 3;
/** Instead of the verdict of a score that is not there; no score has it. */
const NO_SCORE = 0;
/** More than this is given back when the next step begins. */
const DELTAS_KEPT_MAX = 65_536;

export class DeltaLog {
  readonly #company: Company;
  readonly #descriptions: Descriptions;
  #cells: Int32Array = new Int32Array(64 * WIDTH);
  #size = 0;
  /** By place, those that are neither. */
  readonly #others: Map<number, Delta> = new Map();
  readonly #causes: Map<number, string> = new Map();

  constructor(company: Company, descriptions: Descriptions) {
    this.#company = company;
    this.#descriptions = descriptions;
  }

  get size(): number {
    return this.#size;
  }

  /** A step begins. */
  begin(): void {
    if (this.#size > DELTAS_KEPT_MAX) this.#cells = new Int32Array(64 * WIDTH);
    this.#size = 0;
    this.#others.clear();
    this.#causes.clear();
  }

  add(delta: Delta): void {
    this.#others.set(this.#makeRoom(), delta);
  }

  /** `kind`: PREDICTION or RECOMMENDATION. */
  addScore(
    kind: number,
    user: number,
    entitlement: number,
    score: ScoreCode,
    previous: ScoreCode | null,
    cause: string | null,
  ): void {
    const at = this.#begin(kind, user, entitlement, cause);
    this.#put(at + SCORE, score);
    if (previous === null) this.#cells[at + PREVIOUS + VERDICT] = NO_SCORE;
    else this.#put(at + PREVIOUS, previous);
  }

  /** Bits as in `flags.ts`; some of `flags` are set. */
  addFlags(user: number, entitlement: number, flags: number, previous: number, cause: string | null): void {
    const at = this.#begin(FLAGS, user, entitlement, cause);
    this.#cells[at + SCORE] = flags;
    this.#cells[at + PREVIOUS] = previous;
  }

  /** In the order in which they were told. Only until the next step: itemsets are known by number here. */
  deltas(): Delta[] {
    return Array.from({ length: this.#size }, (_, place) => this.#others.get(place) ?? this.#deltaAt(place));
  }

  /** Where the columns of the next delta begin. */
  #begin(kind: number, user: number, entitlement: number, cause: string | null): number {
    const place = this.#makeRoom();
    const at = place * WIDTH;
    this.#cells[at + KIND] = kind;
    this.#cells[at + USER] = user;
    this.#cells[at + ENTITLEMENT] = entitlement;
    if (cause !== null) this.#causes.set(place, cause);
    return at;
  }

  #makeRoom(): number {
    if ((this.#size + 1) * WIDTH > this.#cells.length) {
      this.#cells = largerIntegers(this.#cells, this.#cells.length * 2);
    }
    return this.#size++;
  }

  #put(at: number, { itemset, freqUnion, freq, verdict }: ScoreCode): void {
    this.#cells[at] = itemset;
    this.#cells[at + 1] = freqUnion;
    this.#cells[at + 2] = freq;
    this.#cells[at + VERDICT] = verdict;
  }

  #deltaAt(place: number): Delta {
    const at = place * WIDTH;
    const { identities, catalog } = this.#company;
    const kind = this.#cells[at + KIND]!;
    const user = identities.names.textOf(this.#cells[at + USER]!);
    const entitlement = catalog.names.textOf(this.#cells[at + ENTITLEMENT]!);
    const cause = this.#causes.get(place) ?? null;
    if (kind === FLAGS) {
      const [flags, previous] = [flagsOf(this.#cells[at + SCORE]!), flagsOf(this.#cells[at + PREVIOUS]!)];
      return { type: "flag.upserted", user, entitlement, cause, flags, previous };
    }
    const type = kind === PREDICTION ? "prediction.upserted" : "recommendation.upserted";
    const previous = this.#cells[at + PREVIOUS + VERDICT] === NO_SCORE ? null : this.#score(at + PREVIOUS);
    return { type, user, entitlement, cause, score: this.#score(at + SCORE), previous };
  }

  #score(at: number): Score {
    const rule = this.#descriptions.of(this.#cells[at]!);
    const verdict = this.#cells[at + VERDICT]!;
    const [freqUnion, freq] = [this.#cells[at + 1]!, this.#cells[at + 2]!];
    return { rule, freqUnion, freq, band: bandOf(verdict), reason: reasonOf(verdict) };
  }
}
