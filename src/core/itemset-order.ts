/** The order in which itemsets are preferred when all else is equal: fewer items, then smaller items. */

/** Stands for the parent of a single item. */
export const ROOT = -1;

/** By itemset: its parent, which is the one without its last item, that item, and how many items it has. */
export interface ItemsetColumns {
  readonly parent: Int32Array;
  readonly item: Int32Array;
  readonly depth: Uint8Array;
}

/** Negative: a comes first. */
export function compareItemsets(
  columns: ItemsetColumns,
  compareItems: (a: number, b: number) => number,
  a: number,
  b: number,
): number {
  if (a === b) return 0;
  const { parent, item, depth } = columns;
  if (depth[a] !== depth[b]) return depth[a]! - depth[b]!;
  const upper = depth[a]! > 1 ? compareItemsets(columns, compareItems, parent[a]!, parent[b]!) : 0;
  return upper !== 0 ? upper : compareItems(item[a]!, item[b]!);
}
