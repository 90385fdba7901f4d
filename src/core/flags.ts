/** Flags of a pair as bits, in the order in which they are listed. */
import type { Flag } from "../events/delta.ts";

export const OUTLIER_LOW = 1;
export const OUTLIER_RARE = 2;
export const ORPHANED = 4;
export const RESIDUE_OF_MOVE = 8;
export const STALE_UNUSED = 16;
export const EXPIRED = 32;

const FLAGS: readonly (readonly [number, Flag])[] = [
  [OUTLIER_LOW, { flag: "outlier", type: "low" }],
  [OUTLIER_RARE, { flag: "outlier", type: "rare" }],
  [ORPHANED, { flag: "orphaned" }],
  [RESIDUE_OF_MOVE, { flag: "residue-of-move" }],
  [STALE_UNUSED, { flag: "stale-unused" }],
  [EXPIRED, { flag: "expired" }],
];

/** By bits. */
const FLAG_LISTS: readonly (readonly Flag[])[] = Array.from({ length: 2 ** FLAGS.length }, (_, bits) =>
  FLAGS.filter(([bit]) => (bits & bit) !== 0).map(([, flag]) => flag),
);

export function flagsOf(bits: number): readonly Flag[] {
  return FLAG_LISTS[bits]!;
}

export function bitsOf(flags: readonly Flag[]): number {
  let bits = 0;
  for (const each of flags) {
    const type = each.flag === "outlier" ? each.type : null;
    for (const [bit, flag] of FLAGS) {
      if (flag.flag === each.flag && (flag.flag !== "outlier" || flag.type === type)) bits |= bit;
    }
  }
  return bits;
}
