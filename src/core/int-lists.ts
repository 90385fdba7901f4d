/**
 * Many lists of integers in one array: list ids are dense, a list owns a run of the pool whose size is a power of two,
 * runs given back are used again. `pool`, `start` and `length` are open for hot loops; they change with every addition.
 */
import { largerBytes, largerIntegers, roomFor } from "./larger.ts";
import { SLICE, type Slices } from "./slices.ts";

const SMALLEST_RUN = 4;
/** A pool made at once has so much room besides, by powers of two: to enlarge it is to copy all of it. */
const ROOM_SHIFT = 4;

/** List i stands at `start[i] … start[i] + length[i]` of the pool. */
export interface IntListColumns {
  readonly pool: Int32Array;
  readonly start: Int32Array;
  readonly length: Int32Array;
}

/** All that lists consist of. */
export interface IntListState extends IntListColumns {
  readonly runBits: Uint8Array;
  readonly poolUsed: number;
  readonly free: readonly (readonly number[])[];
}

export class IntLists {
  pool: Int32Array;
  start: Int32Array;
  length: Int32Array;
  /** log2 of the run's size, or 0 when the list owns no run. */
  #runBits: Uint8Array;
  #poolUsed = 0;
  /** By log2 of the size: starts of free runs. */
  #free: number[][] = [];

  constructor(listsExpected: number = 16, integersExpected: number = 64) {
    this.pool = new Int32Array(Math.max(integersExpected, SMALLEST_RUN));
    this.start = new Int32Array(listsExpected);
    this.length = new Int32Array(listsExpected);
    this.#runBits = new Uint8Array(listsExpected);
  }

  /** To be taken by others, which then own it: these lists are of no use any more. */
  give(): IntListState {
    const { pool, start, length } = this;
    return { pool, start, length, runBits: this.#runBits, poolUsed: this.#poolUsed, free: this.#free };
  }

  /** Replaces all lists. */
  take({ pool, start, length, runBits, poolUsed, free }: IntListState): void {
    this.pool = pool;
    this.start = start;
    this.length = length;
    this.#runBits = runBits;
    this.#poolUsed = poolUsed;
    this.#free = free.map((runs) => [...runs]);
  }

  /** Makes room for list ids below `lists`. */
  reserve(lists: number): void {
    if (lists <= this.start.length) return;
    const size = Math.max(lists, this.start.length * 2);
    this.start = largerIntegers(this.start, size);
    this.length = largerIntegers(this.length, size);
    this.#runBits = largerBytes(this.#runBits, size);
  }

  /** Makes room for so many integers at once; what is never used costs no memory. */
  reservePool(integers: number): void {
    if (integers > this.pool.length) this.pool = largerIntegers(this.pool, integers);
  }

  count(list: number): number {
    return list < this.length.length ? this.length[list]! : 0;
  }

  at(list: number, index: number): number {
    return this.pool[this.start[list]! + index]!;
  }

  append(list: number, value: number): void {
    const at = this.#makeRoom(list);
    this.pool[this.start[list]! + at] = value;
  }

  /** Adds to a list that is kept in ascending order; a value already there is not added again. */
  insert(list: number, value: number): boolean {
    this.reserve(list + 1);
    const at = this.#isAboveAll(list, value) ? this.length[list]! : this.#search(list, value);
    if (at < this.length[list]! && this.pool[this.start[list]! + at] === value) return false;
    const end = this.#makeRoom(list);
    const from = this.start[list]!;
    if (at < end) this.pool.copyWithin(from + at + 1, from + at, from + end);
    this.pool[from + at] = value;
    return true;
  }

  /** Removes from an ascending list; false when it is not there. */
  remove(list: number, value: number): boolean {
    if (this.count(list) === 0) return false;
    const at = this.#search(list, value);
    const from = this.start[list]!;
    const length = this.length[list]!;
    if (at === length || this.pool[from + at] !== value) return false;
    this.pool.copyWithin(from + at, from + at + 1, from + length);
    this.#setLength(list, length - 1);
    return true;
  }

  /** True when an ascending list holds the value. */
  has(list: number, value: number): boolean {
    if (this.count(list) === 0) return false;
    const at = this.#search(list, value);
    return at < this.length[list]! && this.pool[this.start[list]! + at] === value;
  }

  clear(list: number): void {
    if (this.count(list) > 0) this.#setLength(list, 0);
  }

  /** Replaces a list by `size` integers of `values`. */
  assign(list: number, values: ArrayLike<number>, size: number = values.length): void {
    this.clear(list);
    if (size === 0) return;
    this.reserve(list + 1);
    this.#takeRun(list, bitsFor(size));
    this.length[list] = size;
    const from = this.start[list]!;
    for (let i = 0; i < size; i++) this.pool[from + i] = values[i]!;
  }

  /** Gives every list `list < counts.length` that many places; the caller fills them. All lists must be empty. */
  allocate(counts: Int32Array): void {
    this.reserve(counts.length);
    let total = 0;
    for (const count of counts) if (count > 0) total += 1 << bitsFor(count);
    const poolUsed = this.#poolUsed + total;
    if (poolUsed > this.pool.length) this.pool = largerIntegers(this.pool, poolUsed + (poolUsed >> ROOM_SHIFT));
    for (let list = 0; list < counts.length; list++) {
      if (counts[list] === 0) continue;
      this.#takeRun(list, bitsFor(counts[list]!));
      this.length[list] = counts[list]!;
    }
  }

  /** List v < `values` becomes those of the lists `from … end` of another that hold v, ascending. All must be empty. */
  *invert(lists: IntLists, from: number, end: number, values: number): Slices<void> {
    const counts = new Int32Array(values);
    for (let list = from; list < end; ) {
      list = lists.#countValues(list, end, counts);
      yield;
    }
    this.allocate(counts);
    counts.fill(0);
    for (let list = from; list < end; ) {
      list = this.#invertSome(lists, list, end, counts);
      yield;
    }
  }

  /** Counts the values of lists `from … end`, or of the first of them; the first list that is left. */
  #countValues(from: number, end: number, counts: Int32Array): number {
    const { pool, start, length } = this;
    let list = from;
    for (let done = 0; list < end && done < SLICE; done += length[list++]!) {
      for (let i = 0; i < length[list]!; i++) counts[pool[start[list]! + i]!]!++;
    }
    return list;
  }

  /** `filled`: by value, how many lists that hold it were met. */
  #invertSome({ pool, start, length }: IntLists, from: number, end: number, filled: Int32Array): number {
    let list = from;
    for (let done = 0; list < end && done < SLICE; done += length[list++]!) {
      for (let i = 0; i < length[list]!; i++) {
        const value = pool[start[list]! + i]!;
        this.pool[this.start[value]! + filled[value]!++] = list;
      }
    }
    return list;
  }

  /** A copy. */
  columns(): IntListColumns {
    return { pool: this.pool.slice(0, this.#poolUsed), start: this.start.slice(), length: this.length.slice() };
  }

  toArray(list: number): number[] {
    const from = this.start[list] ?? 0;
    const count = this.count(list);
    const values = new Array<number>(count);
    for (let i = 0; i < count; i++) values[i] = this.pool[from + i]!;
    return values;
  }

  toIntegers(list: number): Int32Array {
    const from = this.start[list] ?? 0;
    return this.pool.slice(from, from + this.count(list));
  }

  /**
   * The values below `values` were given other numbers: `listOf` names the list of each now, or -1. Lists keep their lengths
   * and ascend.
   */
  refill(values: number, listOf: (value: number) => number): void {
    const filled = new Int32Array(this.length.length);
    for (let value = 0; value < values; value++) {
      const list = listOf(value);
      if (list !== -1) this.pool[this.start[list]! + filled[list]!++] = value;
    }
  }

  /** `order`: the first lists, each once, at the place of the number that it gets. */
  renumber(order: Int32Array): void {
    const { start, length } = this;
    const runBits = this.#runBits;
    this.start = start.slice();
    this.length = length.slice();
    this.#runBits = runBits.slice();
    for (let list = 0; list < order.length; list++) {
      const old = order[list]!;
      this.start[list] = start[old]!;
      this.length[list] = length[old]!;
      this.#runBits[list] = runBits[old]!;
    }
  }

  /** Keeps the values for which `keep` holds, in their order. */
  filter(list: number, keep: (value: number) => boolean): void {
    const from = this.start[list] ?? 0;
    const length = this.count(list);
    let kept = 0;
    for (let i = 0; i < length; i++) {
      const value = this.pool[from + i]!;
      if (keep(value)) this.pool[from + kept++] = value;
    }
    if (kept < length) this.#setLength(list, kept);
  }

  #isAboveAll(list: number, value: number): boolean {
    const length = this.length[list]!;
    return length === 0 || this.pool[this.start[list]! + length - 1]! < value;
  }

  /** First index whose value is not below `value`. */
  #search(list: number, value: number): number {
    const from = this.start[list]!;
    return lowerBound(this.pool, from, from + this.length[list]!, value) - from;
  }

  /** Lengthens a list by one and returns the index of the new place. */
  #makeRoom(list: number): number {
    this.reserve(list + 1);
    const length = this.length[list]!;
    const bits = this.#runBits[list]!;
    if (bits === 0) this.#takeRun(list, bitsFor(1));
    else if (length === 1 << bits) {
      const from = this.start[list]!;
      this.#takeRun(list, bits + 1);
      this.pool.copyWithin(this.start[list]!, from, from + length);
      this.#free[bits]!.push(from);
    }
    this.length[list] = length + 1;
    return length;
  }

  #setLength(list: number, length: number): void {
    this.length[list] = length;
    if (length > 0) return;
    this.#free[this.#runBits[list]!]!.push(this.start[list]!);
    this.#runBits[list] = 0;
  }

  #takeRun(list: number, bits: number): void {
    while (this.#free.length <= bits) this.#free.push([]);
    let from = this.#free[bits]!.pop();
    if (from === undefined) {
      from = this.#poolUsed;
      this.#poolUsed += 1 << bits;
      if (this.#poolUsed > this.pool.length) {
        this.pool = largerIntegers(this.pool, roomFor(this.#poolUsed));
      }
    }
    this.start[list] = from;
    this.#runBits[list] = bits;
  }
}

/** First place of `array[from … end)`, which ascends, whose value is not below `value`; `end` when there is none. */
export function lowerBound(array: Int32Array, from: number, end: number, value: number): number {
  let low = from;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (array[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function bitsFor(size: number): number {
  return size <= SMALLEST_RUN ? 2 : 32 - Math.clz32(size - 1);
}
