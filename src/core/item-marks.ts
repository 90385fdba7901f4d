/**
 * Sets of items, each as 64 bits, two for every item: a bit that is in one set and not in another says that an item is,
 * too (a Bloom filter; B. H. Bloom, CACM 13(7), 1970).
 */
import { largerIntegers } from "./larger.ts";

/** Odd, so that numbers which follow one another are spread: 2³² by the golden ratio (Knuth, TAOCP 3, 6.4) and another. */
const SPREADS = [0x9e3779b1, 0x85ebca6b] as const;
const BITS_SHIFT = 27;

export class ItemMarks {
  /** Two integers a set. */
  #bits: Int32Array = new Int32Array(64);

  /** Set number `set` becomes this one. */
  mark(set: number, items: readonly number[]): void {
    if (2 * set >= this.#bits.length) this.#bits = largerIntegers(this.#bits, 4 * set);
    this.#bits[2 * set] = bitsOf(items, SPREADS[0]);
    this.#bits[2 * set + 1] = bitsOf(items, SPREADS[1]);
  }

  /** false: a set has an item that another one lacks. What was never marked lacks all. */
  mayBeWithin(set: number, other: ItemMarks, otherSet: number): boolean {
    const bits = this.#bits;
    const otherBits = other.#bits;
    if ((bits[2 * set]! & ~otherBits[2 * otherSet]!) !== 0) return false;
    return (bits[2 * set + 1]! & ~otherBits[2 * otherSet + 1]!) === 0;
  }
}

function bitsOf(items: readonly number[], spread: number): number {
  let bits = 0;
  for (const item of items) bits |= 1 << (Math.imul(item, spread) >>> BITS_SHIFT);
  return bits;
}
