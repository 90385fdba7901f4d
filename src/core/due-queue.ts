/**
 * Rows by the time at which something about them falls due (ms). What is due today waits in a heap; of later days only
 * the day is looked at until it comes, so that to queue a row costs the same however many wait.
 * A row is queued again only for an earlier time; who takes it out asks anew when it is due next.
 */
import { IntLists } from "./int-lists.ts";
import { largerFloats, largerIntegers } from "./larger.ts";

const DAY_MS = 86_400_000;
/** What is due later than in so many days goes to the heap. */
const DAYS = 512;

export class DueQueue {
  /** By row: the earliest time it is queued for. */
  #queuedFor: Float64Array = new Float64Array(64).fill(Infinity);
  /** All that is due on this day or before is in the heap. */
  #today: number;
  /** By day modulo DAYS: rows queued for one of the days after today. */
  readonly #later: IntLists = new IntLists(DAYS);
  /** A binary heap in two columns. */
  #at: Float64Array = new Float64Array(64);
  #row: Int32Array = new Int32Array(64);
  #size = 0;

  constructor(now: number) {
    this.#today = dayOf(now);
  }

  push(at: number, row: number): void {
    if (row >= this.#queuedFor.length) {
      this.#queuedFor = largerFloats(this.#queuedFor, Math.ceil(row * 1.5), Infinity);
    }
    if (at >= this.#queuedFor[row]!) return;
    this.#queuedFor[row] = at;
    const days = dayOf(at) - this.#today;
    if (days > 0 && days < DAYS) this.#later.append(dayOf(at) % DAYS, row);
    else this.#heap(at, row);
  }

  /** The row that is due first, if that is not later than `now`; else -1. Time never goes back. */
  popDue(now: number): number {
    if (dayOf(now) > this.#today) this.#advance(dayOf(now));
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

  /** Rows of the days up to this one go to the heap; those queued for another day meanwhile stand there, too. */
  #advance(day: number): void {
    const last = Math.min(day, this.#today + DAYS - 1);
    for (let each = this.#today + 1; each <= last; each++) {
      const list = each % DAYS;
      for (let i = 0; i < this.#later.count(list); i++) {
        const row = this.#later.at(list, i);
        const at = this.#queuedFor[row]!;
        if (dayOf(at) === each) this.#heap(at, row);
      }
      this.#later.clear(list);
    }
    this.#today = day;
  }

  #heap(at: number, row: number): void {
    if (this.#size === this.#row.length) {
      const size = Math.ceil(this.#size * 1.5);
      this.#at = largerFloats(this.#at, size);
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

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}
