/**
 * How much goes into a step: by count, by bytes, and by time. Each step, from records read to published, teaches what a
 * step costs by itself, and what an input record and an output record add. Only sizes depend on it: what a stream comes
 * to does not depend on how it is cut.
 */
import type { StepConfig } from "../config/keys.ts";

/** While all that there is can be read: what comes in meanwhile waits for this step, and then for its own. */
const LIVE_MS = 75;
/**
 * While more waits than a step takes, or nothing comes: large transactions cost less a record. What comes in meanwhile
 * waits for the rest of this step and then for its own, together at most half a second.
 */
const LONG_MS = 225;
/** The ripple goes on however much comes in: little of it, for much of that would be to do again. */
const RIPPLE_SHARE = 0.05;
/** Whatever the time that steps take: a ripple may be what takes it, and input must go on. */
const RECORDS_MIN = 50;
const BUDGET_MIN = 200;

/** Before anything was measured; a record that moves a person of a large company costs about so much. */
const COSTS_AT_START_MS: Costs = { step: 30, record: 3, output: 0.05 };
const OUTPUT_BYTES_AT_START = 500;
/** One step that was held up by something else is not believed. */
const OFF_MAX = 4;
const COST_MIN_MS = 0.001;

export interface StepMeasure {
  readonly catchUp: boolean;
  readonly records: number;
  readonly outputRecords: number;
  readonly outputBytes: number;
  /** From the records read, or else from the end of the step before, to published. */
  readonly totalMs: number;
}

interface Costs {
  readonly step: number;
  readonly record: number;
  readonly output: number;
}

export class StepSize {
  readonly #limits: StepConfig;
  #costs = COSTS_AT_START_MS;
  #outputBytes = OUTPUT_BYTES_AT_START;
  /** Steps since the last one with an input record. */
  #idleSteps = 0;

  constructor(limits: StepConfig) {
    this.#limits = limits;
  }

  /** Most input records of the next step. Catching up is cheap and does not wait for experience. */
  recordsMax(catchUp: boolean): number {
    const { recordsMax } = this.#limits;
    if (catchUp) return recordsMax;
    const fit = (LONG_MS * (1 - RIPPLE_SHARE) - this.#costs.step) / this.#costs.record;
    return Math.min(recordsMax, Math.max(RECORDS_MIN, Math.floor(fit)));
  }

  /** Most output records of the ripple of a step that read so many records. */
  budgetRecords(records: number): number {
    const { step, record, output } = this.#costs;
    const wholeMs = this.#goalMs(records);
    const rippleMs = Math.max(wholeMs * RIPPLE_SHARE, wholeMs - step - records * record);
    const inTime = Math.max(BUDGET_MIN, Math.floor(rippleMs / output));
    const inBytes = Math.floor(this.#limits.budgetBytes / this.#outputBytes);
    return Math.max(1, Math.min(this.#limits.budgetRecords, inBytes, inTime));
  }

  /** Whether the next step, of so many records, will be a long one: much waits behind it, or only the ripple. */
  isLong(records: number, catchUp: boolean): boolean {
    return catchUp || this.#goalMs(records) === LONG_MS;
  }

  learn(measure: StepMeasure): void {
    if (!measure.catchUp) this.#learnCosts(measure);
    const { records, outputRecords, outputBytes } = measure;
    this.#idleSteps = records === 0 ? this.#idleSteps + 1 : 0;
    if (outputRecords > 0) this.#outputBytes = Math.max(1, outputBytes / outputRecords);
  }

  #goalMs(records: number): number {
    if (records >= this.recordsMax(false)) return LONG_MS;
    return records > 0 ? LIVE_MS : Math.min(LONG_MS, LIVE_MS * 2 ** this.#idleSteps);
  }

  /** What the time of a step was off by is put down to its parts, to each as much as it was expected to take. */
  #learnCosts({ records, outputRecords, totalMs }: StepMeasure): void {
    const { step, record, output } = this.#costs;
    // What is told of the input records themselves is part of their cost.
    const rippleRecords = Math.min(outputRecords, this.budgetRecords(records));
    const expectedMs = step + records * record + rippleRecords * output;
    const off = Math.min(OFF_MAX, Math.max(1 / OFF_MAX, totalMs / expectedMs)) - 1;
    const learned = (cost: number, count: number): number =>
      Math.max(COST_MIN_MS, cost * (1 + (off * cost * count) / expectedMs / 2));
    this.#costs = {
      step: Math.min(LIVE_MS, learned(step, 1)),
      record: learned(record, records),
      output: learned(output, rippleRecords),
    };
  }
}
