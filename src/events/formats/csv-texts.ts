/**
 * The texts of a column in which the same ones come again and again: each is decoded, checked and kept once, and has a
 * number. They are found by their bytes, in a table with open addressing.
 */
import type { CsvRows } from "./csv-rows.ts";

export class CsvTexts {
  readonly #column: number;
  readonly #read: (row: CsvRows) => string;
  readonly #texts: string[] = [];
  /** By number: the hash, and where the text begins in the pool; it ends where the next one begins. */
  readonly #hashes: number[] = [];
  readonly #starts: number[] = [0];
  #pool: Buffer = Buffer.alloc(1 << 12);
  /** 1 + number, or 0. */
  #slots: Int32Array = new Int32Array(1 << 8);
  /** Files are often sorted by one of their columns. */
  #last = -1;

  /** `read`: decodes and checks the text of the column; what it throws, `numberAt` throws. */
  constructor(column: number, read: (row: CsvRows) => string) {
    this.#column = column;
    this.#read = read;
  }

  get size(): number {
    return this.#texts.length;
  }

  /** The number of a row's text: the first text has 0, each new one the next. */
  numberAt(row: CsvRows): number {
    const { bytes } = row;
    const [start, end] = [row.startOf(this.#column), row.endOf(this.#column)];
    if (this.#last >= 0 && this.#isText(this.#last, bytes, start, end)) return this.#last;
    const hash = hashOf(bytes, start, end);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]! - 1;
      if (this.#hashes[number] !== hash || !this.#isText(number, bytes, start, end)) continue;
      this.#last = number;
      return number;
    }
    this.#last = this.#add(row, hash, slot);
    return this.#last;
  }

  /** The same object for every row with this text, so that it is hashed once. */
  textOf(number: number): string {
    return this.#texts[number]!;
  }

  #isText(number: number, bytes: Buffer, start: number, end: number): boolean {
    const from = this.#starts[number]!;
    const length = end - start;
    if (this.#starts[number + 1]! - from !== length) return false;
    const pool = this.#pool;
    // Neighbours mostly differ in their last bytes.
    for (let i = length - 1; i >= 0; i--) if (bytes[start + i] !== pool[from + i]) return false;
    return true;
  }

  #add(row: CsvRows, hash: number, slot: number): number {
    const text = this.#read(row);
    const [start, end] = [row.startOf(this.#column), row.endOf(this.#column)];
    const number = this.#texts.push(text) - 1;
    const from = this.#starts[number]!;
    this.#starts.push(from + end - start);
    this.#hashes.push(hash);
    this.#makeRoom(from + end - start);
    row.bytes.copy(this.#pool, from, start, end);
    this.#slots[slot] = number + 1;
    if (this.size * 2 > this.#slots.length) this.#rehash(this.#slots.length * 2);
    return number;
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#pool.length) return;
    const larger = Buffer.alloc(Math.max(bytes, this.#pool.length * 2));
    this.#pool.copy(larger);
    this.#pool = larger;
  }

  #rehash(slots: number): void {
    this.#slots = new Int32Array(slots);
    for (const [number, hash] of this.#hashes.entries()) {
      let slot = hash & (slots - 1);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (slots - 1);
      this.#slots[slot] = number + 1;
    }
  }
}

/** FNV-1a, with its upper half folded into the lower. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return (hash ^ (hash >>> 15)) & 0x3fffffff;
}
