/**
 * The oracle's choice of a rule. All comparisons are of integers; they are exact while
 * people² × (the largest denominator of a setting) < 2^53, which `recount` checks.
 */
import type { Band } from "../events/delta.ts";
import type { Fraction, Settings } from "./settings.ts";

export interface Evidence {
  readonly freqUnion: number;
  readonly freq: number;
}

/** A rule that applies to a pair. */
export interface Candidate extends Evidence {
  readonly itemset: number;
  /** Item numbers, ascending. */
  readonly members: readonly number[];
}

export function atLeast(evidence: Evidence, threshold: Fraction): boolean {
  return evidence.freqUnion * threshold.denominator >= threshold.numerator * evidence.freq;
}

export function bandOf(evidence: Evidence, settings: Settings): Band {
  if (atLeast(evidence, settings.bandHigh)) return "high";
  return atLeast(evidence, settings.bandMedium) ? "medium" : "low";
}

/** Positive when `left` is the more confident. */
export function compareConfidence(left: Evidence, right: Evidence): number {
  return left.freqUnion * right.freq - right.freqUnion * left.freq;
}

/** |confidence of left − confidence of right| ≥ difference */
export function differsBy(left: Evidence, right: Evidence, difference: Fraction): boolean {
  return (
    Math.abs(compareConfidence(left, right)) * difference.denominator >= difference.numerator * left.freq * right.freq
  );
}

/** The most general of the rules within the window below the most confident one; null when there is none. */
export function choose(candidates: readonly Candidate[], window: Fraction): Candidate | null {
  if (candidates.length === 0) return null;
  const top = candidates.reduce((best, candidate) => (compareConfidence(candidate, best) > 0 ? candidate : best));
  return candidates
    .filter((candidate) => isWithinWindow(candidate, top, window))
    .reduce((best, candidate) => (isPreferred(candidate, best) ? candidate : best));
}

function isWithinWindow(candidate: Evidence, top: Evidence, window: Fraction): boolean {
  return compareConfidence(top, candidate) * window.denominator <= window.numerator * top.freq * candidate.freq;
}

function isPreferred(candidate: Candidate, best: Candidate): boolean {
  const difference =
    candidate.freqUnion - best.freqUnion ||
    compareConfidence(candidate, best) ||
    best.members.length - candidate.members.length ||
    compareLists(best.members, candidate.members);
  return difference > 0;
}

function compareLists(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((number, i) => number !== right[i]);
  return at === -1 ? 0 : left[at]! - right[at]!;
}
