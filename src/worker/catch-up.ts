/**
 * Catching up: while a large backlog is read, the engine changes tables only; then one batch pass builds the view and
 * the difference goes out in bounded steps. Nothing but rejects is published on the way, so the order in which the
 * partitions are read does not matter.
 */
import type { Positions, Watermark } from "../transport/transport.ts";
import { lagBehind, reached } from "./positions.ts";

/** A backlog as large as what made the company is cheaper by the batch path; below this it never matters. */
export const SMALL_BACKLOG = 1_000;

export class CatchUp {
  readonly #lagMax: number;
  #target: Positions | null = null;

  /** `lagMax`: records of backlog that are still taken event by event, however large the company. */
  constructor(lagMax: number) {
    this.#lagMax = lagMax;
  }

  get active(): boolean {
    return this.#target !== null;
  }

  /** To be asked whenever the backlog may have grown. `applied`: events that made the tables what they are. */
  consider(positions: Positions, watermarks: readonly Watermark[], applied: number): void {
    const lagMax = applied === 0 ? 0 : Math.min(this.#lagMax, Math.max(SMALL_BACKLOG, applied));
    if (lagBehind(positions, watermarks) <= lagMax) return;
    this.#target = endsOf(watermarks);
  }

  /** After each poll: where reading stands now. */
  observe(positions: Positions): void {
    if (this.#target !== null && reached(positions, this.#target)) this.#target = null;
  }
}

function endsOf(watermarks: readonly Watermark[]): Positions {
  const ends = new Map<string, Map<number, number>>();
  for (const { topic, partition, high } of watermarks) {
    const partitions = ends.get(topic) ?? new Map<number, number>();
    ends.set(topic, partitions.set(partition, high));
  }
  return ends;
}
