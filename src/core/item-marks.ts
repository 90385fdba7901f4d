/**
 * Items as 32 bits, one for each item and the same one for some: a bit that is in one set and not in another says that an
 * item is too (a Bloom filter with one hash; B. H. Bloom, CACM 13(7), 1970).
 */

/** 2³² divided by the golden ratio spreads numbers that follow one another (Knuth, TAOCP 3, 6.4). */
const SPREAD = 0x9e3779b1;
const BITS_SHIFT = 27;

export function marksOf(items: readonly number[]): number {
  let marks = 0;
  for (const item of items) marks |= 1 << (Math.imul(item, SPREAD) >>> BITS_SHIFT);
  return marks;
}
