/** The time of one operation. What is measured proves its answer first, and again after the last round. */
import { rounded } from "./report.ts";

export interface Micro {
  readonly name: string;
  /** What one operation is: the unit of the figure. */
  readonly unit: string;
  readonly operations: number;
  /** A whole round; leaves everything as it found it. Returns what it computed, so that none of it is left out. */
  readonly round: () => unknown;
  /** Throws when the answer is wrong. */
  readonly prove: () => void;
}

export interface MicroFigures {
  readonly name: string;
  readonly unit: string;
  readonly operations: number;
  readonly rounds: number;
  /** Of the fastest round, and of the one in the middle. Wall time, so on a busy machine look at the fastest. */
  readonly fastestNs: number;
  readonly medianNs: number;
}

const WARM_UP_ROUNDS = 3;
const ROUNDS_MIN = 5;

/** `atLeastMs`: how long to measure. */
export function measure({ name, unit, operations, round, prove }: Micro, atLeastMs: number): MicroFigures {
  prove();
  for (let count = 0; count < WARM_UP_ROUNDS; count += 1) round();
  const nanoseconds: number[] = [];
  const endMs = performance.now() + atLeastMs;
  while (nanoseconds.length < ROUNDS_MIN || performance.now() < endMs) {
    const startedMs = performance.now();
    round();
    nanoseconds.push(((performance.now() - startedMs) * 1e6) / operations);
  }
  prove();
  nanoseconds.sort((a, b) => a - b);
  return {
    name,
    unit,
    operations,
    rounds: nanoseconds.length,
    fastestNs: rounded(nanoseconds[0]!),
    medianNs: rounded(nanoseconds[nanoseconds.length >> 1]!),
  };
}
