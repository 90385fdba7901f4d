/**
 * A priority queue of rows by the time at which something about them falls due (ms): a binary heap in two arrays.
 * A row is queued again only for an earlier time; who takes it out asks anew when it is due next.
 */
import { largerFloats, largerIntegers } from "./larger.ts";

export class DueQueue {
  /** By row: the earliest time it is queued for. */
  #queuedFor: Float64Array = new Float64Array(64).fill(Infinity);
  #at: Float64Array = new Float64Array(64);
  #row: Int32Array = new Int32Array(64);
  #size = 0;

  push(at: number, row: number): void {
    if (row >= this.#queuedFor.length) {
      this.#queuedFor = largerFloats(this.#queuedFor, Math.ceil(row * 1.5), Infinity);
    }
    if (at >= this.#queuedFor[row]!) return;
    this.#queuedFor[row] = at;
    if (this.#size === this.#row.length) {
      const size = Math.ceil(this.#size * 1.5);
      this.#at = largerFloats(this.#at, size, 0);
      this.#row = largerIntegers(this.#row, size);
    }
    let hole = this.#size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this.#at[parent]! <= at) break;
      this.#at[hole] = this.#at[parent]!;
      this.#row[hole] = this.#row[parent]!;
      hole = parent;
    }
    this.#at[hole] = at;
    this.#row[hole] = row;
  }

  /** The row that is due first, if that is not later than `now`; else -1. */
  popDue(now: number): number {
    while (this.#size > 0 && this.#at[0]! <= now) {
      const at = this.#at[0]!;
      const row = this.#row[0]!;
      this.#removeFirst();
      if (this.#queuedFor[row] !== at) continue;
      this.#queuedFor[row] = Infinity;
      return row;
    }
    return -1;
  }

  #removeFirst(): void {
    const at = this.#at[--this.#size]!;
    const last = this.#row[this.#size]!;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#at[child + 1]! < this.#at[child]!) child++;
      if (this.#at[child]! >= at) break;
      this.#at[hole] = this.#at[child]!;
      this.#row[hole] = this.#row[child]!;
      hole = child;
    }
    this.#at[hole] = at;
    this.#row[hole] = last;
  }
}
