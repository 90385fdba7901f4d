/**
 * The floor of a rule (docs/ARCHITECTURE.md, "Skipped looks"), in 254ths of a confidence. Below it, before and after, a
 * change of the rule concerns no pair that consumers were told of, unless its freqUnion has passed a power of two since.
 */
import type { Fraction } from "./settings.ts";

/** Above every confidence. */
export const FLOOR_MAX = 255;
const PARTS = 254;

/** The rule chosen for a pair, and the best confidence among those that apply (choice.ts). */
interface ChosenEvidence {
  readonly secure: boolean;
  readonly freqUnion: number;
  readonly freq: number;
  readonly bestUnion: number;
  readonly bestFreq: number;
}

/** What a pair asks of the rules that apply to it. */
export interface PairFloors {
  /** The floor of a rule that may come to have as many people as the choice. */
  readonly any: number;
  /** That of a rule whose freqUnion is below `fewerThan`: it is not preferred to the choice, whatever its confidence. */
  readonly fewer: number;
  readonly fewerThan: number;
}

export function pairFloors(chosen: ChosenEvidence, window: Fraction): PairFloors {
  const { secure, freqUnion, freq, bestUnion, bestFreq } = chosen;
  const fewerThan = powerWithin(freqUnion);
  return secure
    ? { any: floorBelow(freqUnion, freq, window), fewer: floorAbove(freqUnion, freq, window), fewerThan }
    : { any: floorBelow(bestUnion, bestFreq, window), fewer: Math.floor((bestUnion * PARTS) / bestFreq), fewerThan };
}

/** What it asks of a rule with this freqUnion. */
export function floorFor({ any, fewer, fewerThan }: PairFloors, freqUnion: number): number {
  return freqUnion < fewerThan ? fewer : any;
}

/** Confidence − window, rounded down. */
function floorBelow(freqUnion: number, freq: number, { numerator, denominator }: Fraction): number {
  const scaled = (freqUnion * denominator - numerator * freq) * PARTS;
  return Math.max(0, Math.floor(scaled / (freq * denominator)));
}

/** Confidence + window, rounded down. */
function floorAbove(freqUnion: number, freq: number, { numerator, denominator }: Fraction): number {
  const scaled = (freqUnion * denominator + numerator * freq) * PARTS;
  return Math.min(FLOOR_MAX, Math.floor(scaled / (freq * denominator)));
}

/** Whether a confidence lies below a floor. */
export function isUnder(floor: number, freqUnion: number, freq: number): boolean {
  return freqUnion * PARTS < floor * freq;
}

/** Whether the floor of a rule with the freqUnion it had before says nothing any more. */
export function hasOutgrownFloor(unionBefore: number, unionNow: number): boolean {
  return powerWithin(unionNow) > unionBefore;
}

/** A floor that holds for any freqUnion, from that of a rule whatever its freqUnion. */
export function floorForAny(floor: number, { numerator, denominator }: Fraction): number {
  return Math.max(0, floor - Math.ceil((2 * numerator * PARTS) / denominator) - 1);
}

/** The highest power of two within a count, or 0. */
function powerWithin(count: number): number {
  return count === 0 ? 0 : 1 << (31 - Math.clz32(count));
}
