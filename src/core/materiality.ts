/**
 * When exact evidence differs enough from published evidence to be told. All comparisons are on integers: a product of
 * two counts of people and a denominator stays below 2^53, which is checked when the settings are loaded.
 */
import type { Fraction, Settings } from "./settings.ts";

/** freqUnion / freq ≥ threshold. */
export function reaches(freqUnion: number, freq: number, threshold: Fraction): boolean {
  return freqUnion * threshold.denominator >= threshold.numerator * freq;
}

/** Values of freq, freqUnion unchanged, at which a rule needs no telling: low ≤ freq ≤ high. */
export interface QuietRange {
  low: number;
  high: number;
}

export class Materiality {
  readonly #difference: Fraction;
  readonly #support: Fraction;
  readonly #edges: readonly Fraction[];

  constructor(settings: Settings) {
    this.#difference = settings.materiality;
    this.#support = settings.materialitySupport;
    this.#edges = [settings.bandHigh, settings.bandMedium];
  }

  /** Both are evidence of a rule with support; `threshold` is its entitlement's recommendThreshold. */
  isMaterial(freqUnion: number, freq: number, toldUnion: number, toldFreq: number, threshold: Fraction): boolean {
    if (freqUnion === toldUnion && freq === toldFreq) return false;
    const { numerator, denominator } = this.#difference;
    if (numerator === 0) return true;
    const difference = Math.abs(freqUnion * toldFreq - toldUnion * freq);
    if (difference * denominator >= numerator * freq * toldFreq) return true;
    if (this.#supportLeft(freqUnion, toldUnion)) return true;
    if (reaches(freqUnion, freq, threshold) !== reaches(toldUnion, toldFreq, threshold)) return true;
    return this.#edges.some((edge) => reaches(freqUnion, freq, edge) !== reaches(toldUnion, toldFreq, edge));
  }

  /** Narrows `range` to where this rule stays immaterial while only freq moves. The rule is immaterial now. */
  narrow(range: QuietRange, freqUnion: number, toldUnion: number, toldFreq: number, threshold: Fraction): void {
    const { numerator, denominator } = this.#difference;
    if (numerator === 0) {
      range.low = Math.max(range.low, toldFreq);
      range.high = Math.min(range.high, toldFreq);
      return;
    }
    const scaled = freqUnion * toldFreq * denominator;
    const above = toldUnion * denominator + numerator * toldFreq;
    range.low = Math.max(range.low, Math.floor(scaled / above) + 1);
    const below = toldUnion * denominator - numerator * toldFreq;
    if (below > 0) range.high = Math.min(range.high, Math.ceil(scaled / below) - 1);
    narrowToSide(range, freqUnion, toldUnion, toldFreq, threshold);
    for (const edge of this.#edges) narrowToSide(range, freqUnion, toldUnion, toldFreq, edge);
  }

  #supportLeft(freqUnion: number, toldUnion: number): boolean {
    const { numerator, denominator } = this.#support;
    const scaled = freqUnion * denominator;
    return scaled > toldUnion * (denominator + numerator) || scaled < toldUnion * (denominator - numerator);
  }
}

/** freqUnion / freq ≥ p / q holds exactly for freq ≤ floor(freqUnion × q / p). */
function narrowToSide(range: QuietRange, freqUnion: number, toldUnion: number, toldFreq: number, edge: Fraction): void {
  if (edge.numerator === 0) return;
  const last = Math.floor((freqUnion * edge.denominator) / edge.numerator);
  if (reaches(toldUnion, toldFreq, edge)) range.high = Math.min(range.high, last);
  else range.low = Math.max(range.low, last + 1);
}
