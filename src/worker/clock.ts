/** The only file that reads the wall clock. Everything else takes `now` and counts whole minutes. */

/** ms since 1970. */
export type Now = () => number;

export const systemNow: Now = () => Date.now();

export const MINUTE_MS = 60_000;
export const DAY_MINUTES: number = 24 * 60;

/** Whole minutes since 1970. */
export function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}
