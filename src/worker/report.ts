/** What a worker tells about its steps. */
import type { Delta } from "../events/delta.ts";
import type { InputCounts } from "../state/store.ts";
import { addCounts } from "./intake.ts";

/** One committed and published step. */
export interface StepReport {
  readonly epoch: number;
  readonly step: number;
  readonly clockMinute: number;
  /** Input records. */
  readonly records: number;
  readonly deltas: readonly Delta[];
  /** Of this step. */
  readonly counts: InputCounts;
  /** Entitlements that still differ from the target view. */
  readonly pending: number;
  /** true: tables only; the view follows. */
  readonly catchUp: boolean;
  readonly engineMs: number;
  /** The whole step, from the records read to published. */
  readonly totalMs: number;
}

/** Everything since the worker was opened. */
export interface Summary {
  readonly steps: number;
  readonly records: number;
  readonly deltas: number;
  readonly counts: InputCounts;
}

export const NO_COUNTS: InputCounts = { applied: 0, unchanged: 0, late: 0, rejected: 0 };
export const EMPTY_SUMMARY: Summary = { steps: 0, records: 0, deltas: 0, counts: NO_COUNTS };

export function addReport(summary: Summary, report: StepReport): Summary {
  return {
    steps: summary.steps + 1,
    records: summary.records + report.records,
    deltas: summary.deltas + report.deltas.length,
    counts: addCounts(summary.counts, report.counts),
  };
}
