import type { Family } from "./property-runs.ts";

export interface Canary {
  /** What the bug does. */
  readonly name: string;
  /** In src/core. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The runs that must catch it. */
  readonly family: Family;
}

export const CANARIES: readonly Canary[] = [];
