/**
 * Catching up: while a large backlog is read, the engine changes tables only; then one batch pass builds the view and
 * the difference goes out in bounded steps. Nothing but rejects is published on the way, so the order in which the
 * partitions are read does not matter.
 */
import type { Positions, Watermark } from "../transport/transport.ts";
import { lagBehind, reached } from "./positions.ts";

export class CatchUp {
  readonly #lagMax: number;
  readonly #silenceMaxMs: number;
  #target: Positions | null = null;
  #silentMs = 0;

  /** `lagMax`: records of backlog that are still taken event by event. `silenceMaxMs`: nothing more comes after it. */
  constructor(lagMax: number, silenceMaxMs: number) {
    this.#lagMax = lagMax;
    this.#silenceMaxMs = silenceMaxMs;
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

  /** After each poll: where reading stands now, and how long the poll waited in vain. */
  observe(positions: Positions, silentMs: number): void {
    this.#silentMs = silentMs === 0 ? 0 : this.#silentMs + silentMs;
    if (this.#target === null) return;
    if (reached(positions, this.#target) || this.#silentMs >= this.#silenceMaxMs) this.#target = null;
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
