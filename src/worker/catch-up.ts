/**
 * Catching up: while a large backlog is read, the engine changes tables only; then one batch pass builds the view and
 * the difference goes out in bounded steps. Nothing but rejects is published on the way, so the order in which the
 * partitions are read does not matter.
 */
import type { Positions, Watermark } from "../transport/transport.ts";
import { lagBehind, reached } from "./positions.ts";

export class CatchUp {
  readonly #lagMax: number;
  #target: Positions | null = null;
  #silentMs = 0;

  /** `lagMax`: records of backlog that are still taken event by event. */
  constructor(lagMax: number) {
    this.#lagMax = lagMax;
  }

  get active(): boolean {
    return this.#target !== null;
  }

  /** To be asked whenever the backlog may have grown. `isEmpty`: no event has changed the tables yet. */
  consider(positions: Positions, watermarks: readonly Watermark[], isEmpty: boolean): void {
    if (lagBehind(positions, watermarks) <= (isEmpty ? 0 : this.#lagMax)) return;
    this.#target = endsOf(watermarks);
    this.#silentMs = 0;
  }

  /** After each poll: where reading stands now, and how long the poll waited in vain; after `silenceMaxMs` no more comes. */
  observe(positions: Positions, silentMs: number, silenceMaxMs: number): void {
    this.#silentMs = silentMs === 0 ? 0 : this.#silentMs + silentMs;
    if (this.#target === null) return;
    if (reached(positions, this.#target) || this.#silentMs >= silenceMaxMs) this.#target = null;
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
