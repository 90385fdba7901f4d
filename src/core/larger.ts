/** Typed arrays that have become too small: a larger copy of the same values. */

export function largerIntegers(array: Int32Array, size: number): Int32Array {
  const larger = new Int32Array(size);
  larger.set(array);
  return larger;
}

export function largerBytes(array: Uint8Array, size: number): Uint8Array {
  const larger = new Uint8Array(size);
  larger.set(array);
  return larger;
}

/** New places hold `fill`. */
export function largerFloats(array: Float64Array, size: number, fill: number): Float64Array {
  const larger = new Float64Array(size).fill(fill, array.length);
  larger.set(array);
  return larger;
}
