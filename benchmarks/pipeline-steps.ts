/** The steps of a worker as they were published, and what those of the backlog come to. */

import type { PublishedStep } from "./pipeline.ts";
import { rounded } from "./report.ts";

export class Steps {
  /** All since the first one that was added. */
  readonly all: PublishedStep[] = [];
  #from = 0;
  #to = 0;
  #startMs = 0;

  add(step: PublishedStep): void {
    this.all.push(step);
  }

  /** What is measured begins with the next step. */
  begin(): void {
    this.#from = this.all.length;
  }

  /** `startMs`: when the first event could be read, as `performance.now()` tells. */
  end(startMs: number): void {
    this.#to = this.all.length;
    this.#startMs = startMs;
  }

  /** Steps before those that are measured: the warm-up. */
  get warmUp(): readonly PublishedStep[] {
    return this.all.slice(0, this.#from);
  }

  get measured(): readonly PublishedStep[] {
    return this.all.slice(this.#from, this.#to);
  }

  /** From there to the last step's commit. */
  get seconds(): number {
    return ((this.measured.at(-1)?.seenMs ?? this.#startMs) - this.#startMs) / 1000;
  }

  figures(events: number): object {
    const { measured, seconds } = this;
    const outputs = measured.reduce((sum, step) => sum + step.outputs, 0);
    return {
      events,
      seconds: rounded(seconds),
      eventsPerSecond: rounded(events / seconds),
      outputRecords: outputs,
      outputRecordsPerSecond: rounded(outputs / seconds),
      transactions: measured.length,
      inputsPerTransaction: spread(measured.map(({ inputs }) => inputs)),
      outputsPerTransaction: spread(measured.map((step) => step.outputs)),
    };
  }
}

export function spread(counts: readonly number[]): { p50: number; max: number } {
  const sorted = counts.toSorted((a, b) => a - b);
  return { p50: sorted[Math.floor(sorted.length / 2)] ?? 0, max: sorted.at(-1) ?? 0 };
}
