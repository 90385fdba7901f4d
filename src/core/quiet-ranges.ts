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
/** An itemset with so many rules has blocks. */
const RULES_MIN = 32;
const BLOCK_BITS = 4;

export class QuietRanges {
  #low: Int32Array = new Int32Array(64);
  #high: Int32Array = new Int32Array(64);
  /** By itemset, for each block: low, high. */
  readonly #blocks: Map<number, Int32Array> = new Map();

  has(itemset: number, freq: number): boolean {
    return itemset < this.#low.length && freq >= this.#low[itemset]! && freq <= this.#high[itemset]!;
  }

  /**
   * Of these entitlements, which have the rules of the itemset (ascending), those that must be checked at this freq. Their
   * ranges are forgotten: each one's must be given by `narrow` before `close`.
   */
  open(itemset: number, freq: number, entitlements: readonly number[]): readonly number[] {
    this.#reserve(itemset);
    this.#low[itemset] = 0;
    this.#high[itemset] = FREQ_MAX;
    const known = this.#blocks.get(itemset);
    if (entitlements.length < RULES_MIN) this.#blocks.delete(itemset);
    else if (known === undefined) this.#blocks.set(itemset, quietBlocks(blockOf(entitlements.at(-1)!) + 1));
    else return left(known, freq, entitlements);
    return entitlements;
  }

  narrow(itemset: number, entitlement: number, { low, high }: QuietRange): void {
    this.#reserve(itemset);
    this.#low[itemset] = Math.max(this.#low[itemset]!, low);
    this.#high[itemset] = Math.min(this.#high[itemset]!, high);
    let blocks = this.#blocks.get(itemset);
    if (blocks === undefined) return;
    const at = blockOf(entitlement) * 2;
    if (at >= blocks.length) {
      const larger = quietBlocks(at / 2 + 1);
      larger.set(blocks);
      blocks = larger;
      this.#blocks.set(itemset, blocks);
    }
    blocks[at] = Math.max(blocks[at]!, low);
    blocks[at + 1] = Math.min(blocks[at + 1]!, high);
  }

  /** The itemset's range is that of all its blocks. */
  close(itemset: number): void {
    const blocks = this.#blocks.get(itemset);
    if (blocks === undefined) return;
    for (let at = 0; at < blocks.length; at += 2) {
      this.#low[itemset] = Math.max(this.#low[itemset]!, blocks[at]!);
      this.#high[itemset] = Math.min(this.#high[itemset]!, blocks[at + 1]!);
    }
  }

  forget(itemset: number): void {
    this.#blocks.delete(itemset);
    if (itemset >= this.#low.length) return;
    this.#low[itemset] = 0;
    this.#high[itemset] = 0;
  }

  forgetAll(): void {
    this.#blocks.clear();
    this.#low.fill(0);
    this.#high.fill(0);
  }

  #reserve(itemset: number): void {
    if (itemset < this.#low.length) return;
    const size = Math.max(itemset + 1, this.#low.length * 2);
    this.#low = largerIntegers(this.#low, size);
    this.#high = largerIntegers(this.#high, size);
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
