/**
 * By itemset: from which freq to which none of its rules becomes material by freq alone. For an itemset with many rules
 * the same by blocks of entitlements, so that only the rules of those blocks are checked whose range freq has left.
 *
 * A range is that of all rules it stands for, or narrower; [0, 0] at first, which no freq lies in.
 */
import { largerIntegers } from "./larger.ts";
import type { QuietRange } from "./materiality.ts";

/** Above any freq. */
export const FREQ_MAX = 0x7fffffff;
/** Of every itemset: low with a bit below it, which is set when there are blocks, and high. */
const WIDTH = 2;
const LOW_MAX = FREQ_MAX >> 1;
/** An itemset with so many rules has blocks. */
const RULES_MIN = 32;
const BLOCK_BITS = 4;

export class QuietRanges {
  #ranges: Int32Array = new Int32Array(64 * WIDTH);
  /** By itemset, for each block: low, high. */
  readonly #blocks: Map<number, Int32Array> = new Map();
  /** Those asked for last, and of which itemset: they are asked for again and again. */
  #last: Int32Array | undefined;
  #lastItemset = -1;

  has(itemset: number, freq: number): boolean {
    const at = itemset * WIDTH;
    return at < this.#ranges.length && freq >= this.#ranges[at]! >> 1 && freq <= this.#ranges[at + 1]!;
  }

  /**
   * Of these entitlements, which have the rules of the itemset (ascending), those that must be checked at this freq. Their
   * ranges are forgotten: each one's must be given by `narrow` before `close`.
   */
  open(itemset: number, freq: number, entitlements: readonly number[]): readonly number[] {
    this.#reset(itemset, FREQ_MAX);
    const known = this.#blocksOf(itemset);
    if (entitlements.length < RULES_MIN) this.#forgetBlocks(itemset);
    else if (known === undefined) this.#setBlocks(itemset, quietBlocks(blockOf(entitlements.at(-1)!) + 1));
    else return left(known, freq, entitlements);
    return entitlements;
  }

  narrow(itemset: number, entitlement: number, { low, high }: QuietRange): void {
    this.#narrowWhole(itemset, low, high);
    let blocks = this.#blocksOf(itemset);
    if (blocks === undefined) return;
    const at = blockOf(entitlement) * 2;
    if (at >= blocks.length) {
      const larger = quietBlocks(at / 2 + 1);
      larger.set(blocks);
      blocks = larger;
      this.#setBlocks(itemset, blocks);
    }
    blocks[at] = Math.max(blocks[at]!, low);
    blocks[at + 1] = Math.min(blocks[at + 1]!, high);
  }

  /** The itemset's range is that of all its blocks. */
  close(itemset: number): void {
    const blocks = this.#blocksOf(itemset);
    if (blocks === undefined) return;
    for (let at = 0; at < blocks.length; at += 2) this.#narrowWhole(itemset, blocks[at]!, blocks[at + 1]!);
  }

  forget(itemset: number): void {
    if (itemset * WIDTH >= this.#ranges.length) return;
    this.#forgetBlocks(itemset);
    this.#reset(itemset, 0);
  }

  forgetAll(): void {
    this.#blocks.clear();
    this.#ranges.fill(0);
  }

  #narrowWhole(itemset: number, low: number, high: number): void {
    this.#reserve(itemset);
    const at = itemset * WIDTH;
    if (low > this.#ranges[at]! >> 1) this.#ranges[at] = (Math.min(low, LOW_MAX) << 1) | (this.#ranges[at]! & 1);
    if (high < this.#ranges[at + 1]!) this.#ranges[at + 1] = high;
  }

  /** The range from 0 on. */
  #reset(itemset: number, high: number): void {
    this.#reserve(itemset);
    this.#ranges[itemset * WIDTH]! &= 1;
    this.#ranges[itemset * WIDTH + 1] = high;
  }

  #blocksOf(itemset: number): Int32Array | undefined {
    if ((this.#ranges[itemset * WIDTH]! & 1) === 0) return undefined;
    if (itemset !== this.#lastItemset) {
      this.#last = this.#blocks.get(itemset);
      this.#lastItemset = itemset;
    }
    return this.#last;
  }

  #setBlocks(itemset: number, blocks: Int32Array): void {
    this.#blocks.set(itemset, blocks);
    this.#last = blocks;
    this.#lastItemset = itemset;
    this.#ranges[itemset * WIDTH]! |= 1;
  }

  #forgetBlocks(itemset: number): void {
    if (this.#blocksOf(itemset) === undefined) return;
    this.#blocks.delete(itemset);
    this.#ranges[itemset * WIDTH]! &= ~1;
  }

  #reserve(itemset: number): void {
    const size = (itemset + 1) * WIDTH;
    if (size > this.#ranges.length)
      this.#ranges = largerIntegers(this.#ranges, Math.max(size, this.#ranges.length * 2));
  }
}

/** The entitlements whose block does not contain freq; these blocks are quiet from now on. */
function left(blocks: Int32Array, freq: number, entitlements: readonly number[]): number[] {
  const isLeft = new Uint8Array(blocks.length / 2);
  for (let at = 0; at < blocks.length; at += 2) {
    if (freq >= blocks[at]! && freq <= blocks[at + 1]!) continue;
    isLeft[at / 2] = 1;
    blocks[at] = 0;
    blocks[at + 1] = FREQ_MAX;
  }
  return entitlements.filter((entitlement) => isLeft[blockOf(entitlement)] !== 0);
}

/** Ranges of entitlements of one block may be given together. */
export function blockOf(entitlement: number): number {
  return entitlement >> BLOCK_BITS;
}

function quietBlocks(count: number): Int32Array {
  const blocks = new Int32Array(count * 2);
  for (let at = 1; at < blocks.length; at += 2) blocks[at] = FREQ_MAX;
  return blocks;
}
