/**
 * Last-writer registers: a value with the stamp of the event that wrote it. An older stamp never overwrites a newer one;
 * with equal stamps the later arrival wins.
 */

/** The stamp of a register that was never written: any event wins over it. */
export const NEVER: number = -Infinity;

/** When an event counts as having happened, for any one register. */
export interface Moment {
  /** The event's own `at` (ms), or null when it has none. */
  readonly at: number | null;
  /** When its record was written (ms). */
  readonly recordAt: number;
}

/** The stamp that this moment gives to a register; an event without `at` is never older than what stands there. */
export function stampFor(moment: Moment, register: number): number {
  return moment.at ?? Math.max(moment.recordAt, register);
}

export function wins(moment: Moment, register: number): boolean {
  return moment.at === null || moment.at >= register;
}
