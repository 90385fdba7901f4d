/** Running totals of what consumers have been told, kept up by deltas. */
import type { View } from "../core/tables.ts";
import type { Band, Delta, Flag, Score } from "../events/delta.ts";

export interface TallyNumbers {
  /** Assignments by band; `none`: not scored. */
  readonly predictions: Readonly<Record<Band | "none", number>>;
  readonly recommendations: number;
  /** Pairs by flag. */
  readonly flags: Readonly<Record<Flag["flag"], number>>;
}

export class Tally {
  readonly #predictions: Record<Band | "none", number> = { high: 0, medium: 0, low: 0, none: 0 };
  readonly #flags: Record<Flag["flag"], number> = {
    outlier: 0,
    orphaned: 0,
    "residue-of-move": 0,
    "stale-unused": 0,
    expired: 0,
  };
  #recommendations: number;
  /** Bands by pair, because a removal does not say what it removes. */
  readonly #bands = new Map<string, Band | "none">();
  readonly #flagsOf = new Map<string, readonly Flag[]>();

  constructor(published: View) {
    for (const { user, entitlement, score } of published.predictions)
      this.#predict(keyOf({ user, entitlement }), score);
    for (const { user, entitlement, flags } of published.flags) this.#flag(keyOf({ user, entitlement }), flags);
    this.#recommendations = published.recommendations.length;
  }

  get numbers(): TallyNumbers {
    return { predictions: this.#predictions, recommendations: this.#recommendations, flags: this.#flags };
  }

  take(delta: Delta): void {
    const key = keyOf(delta);
    if (delta.type === "prediction.upserted") this.#predict(key, delta.score);
    else if (delta.type === "prediction.removed") this.#predict(key, null);
    else if (delta.type === "flag.upserted") this.#flag(key, delta.flags);
    else if (delta.type === "flag.removed") this.#flag(key, []);
    else if (delta.type === "recommendation.removed") this.#recommendations -= 1;
    else if (delta.previous === null) this.#recommendations += 1;
  }

  #predict(key: string, score: Score | null): void {
    const before = this.#bands.get(key);
    if (before) this.#predictions[before] -= 1;
    if (score === null) {
      this.#bands.delete(key);
      return;
    }
    const band = score.band ?? "none";
    this.#predictions[band] += 1;
    this.#bands.set(key, band);
  }

  #flag(key: string, flags: readonly Flag[]): void {
    for (const { flag } of this.#flagsOf.get(key) ?? []) this.#flags[flag] -= 1;
    for (const { flag } of flags) this.#flags[flag] += 1;
    if (flags.length === 0) this.#flagsOf.delete(key);
    else this.#flagsOf.set(key, flags);
  }
}

function keyOf({ user, entitlement }: { readonly user: string; readonly entitlement: string }): string {
  return `${user}\0${entitlement}`;
}
