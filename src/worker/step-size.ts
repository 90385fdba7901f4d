/** How much goes into a step: by count, by bytes, and by the time that the last steps took. */
import type { StepConfig } from "../config.ts";

/** The engine's part of a step is one synchronous slice: long enough to be worth a transaction, short for heartbeats. */
const SLICE_TARGET_MS = 250;
/** However slow steps are: a ripple may be what takes the time, and input must go on. */
const RECORDS_MIN = 50;
const RECORDS_AT_START = 200;
/** Before anything was written; about what a recommendation takes. */
const OUTPUT_BYTES_AT_START = 500;

export interface StepMeasure {
  readonly catchUp: boolean;
  readonly records: number;
  readonly outputRecords: number;
  readonly outputBytes: number;
  readonly engineMs: number;
}

export class StepSize {
  readonly #limits: StepConfig;
  #records: number;
  #outputBytes = OUTPUT_BYTES_AT_START;

  constructor(limits: StepConfig) {
    this.#limits = limits;
    this.#records = Math.min(limits.recordsMax, RECORDS_AT_START);
  }

  /** Most input records of the next step. Catching up is cheap and does not wait for experience. */
  recordsMax(catchUp: boolean): number {
    return catchUp ? this.#limits.recordsMax : this.#records;
  }

  /** Most output records of the next step's ripple. */
  get budgetRecords(): number {
    const fit = Math.floor(this.#limits.budgetBytes / this.#outputBytes);
    return Math.max(1, Math.min(this.#limits.budgetRecords, fit));
  }

  learn(step: StepMeasure): void {
    if (step.outputRecords > 0) this.#outputBytes = Math.max(1, step.outputBytes / step.outputRecords);
    if (step.catchUp || step.records < this.#records) return;
    const fit = Math.floor((step.records * SLICE_TARGET_MS) / Math.max(1, step.engineMs));
    this.#records = Math.min(this.#limits.recordsMax, Math.max(RECORDS_MIN, Math.min(fit, 2 * this.#records)));
  }
}
