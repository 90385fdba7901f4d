/** How many itemsets of 1 to `lengthMax` items there are of so many items, which may be a mean and no whole number. */
export function combinations(items: number, lengthMax: number): number {
  let sum = 0;
  let ofLength = 1;
  for (let length = 1; length <= lengthMax; length++) {
    ofLength *= Math.max(0, items - length + 1) / length;
    sum += ofLength;
  }
  return sum;
}
