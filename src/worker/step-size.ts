/** How much goes into a step: by count, by bytes, and by the time that the last steps took. */
import type { StepConfig } from "../config.ts";

/** The engine's part of a step is one synchronous slice: long enough to be worth a transaction, short for heartbeats. */
const SLICE_TARGET_MS = 250;
const RECORDS_AT_START = 500;
/** Before anything was written; about what a recommendation takes. */
const OUTPUT_BYTES_AT_START = 500;

export interface StepMeasure {
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

  /** Most input records of the next step. */
  get recordsMax(): number {
    return this.#records;
  }

  /** Most output records of the next step's ripple. */
  get budgetRecords(): number {
    const fit = Math.floor(this.#limits.budgetBytes / this.#outputBytes);
    return Math.max(1, Math.min(this.#limits.budgetRecords, fit));
  }

  learn(step: StepMeasure): void {
    if (step.outputRecords > 0) this.#outputBytes = Math.max(1, step.outputBytes / step.outputRecords);
    if (step.engineMs > 2 * SLICE_TARGET_MS) this.#records = Math.max(1, Math.floor(this.#records / 2));
    else if (step.engineMs < SLICE_TARGET_MS && step.records === this.#records) {
      this.#records = Math.min(this.#limits.recordsMax, this.#records * 2);
    }
  }
}
