/** Typed arrays that have become too small: a larger copy of the same values. */

/** A larger array of fewer places than this has room for that many times what it needs. */
const GENEROUS_BELOW = 1 << 21;
const GENEROUS = 8;

/**
 * How many places to make where so many are needed and more will be: what has not been written to yet takes no memory, but
 * every copy touches old and new memory.
 */
export function roomFor(size: number): number {
  return size < GENEROUS_BELOW ? size * GENEROUS : size * 2;
}

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
export function largerFloats(array: Float64Array, size: number, fill: number = 0): Float64Array {
  const larger = new Float64Array(size);
  if (fill !== 0) larger.fill(fill, array.length);
  larger.set(array);
  return larger;
}

/** Zeros that another thread can have without a copy. */
export function sharedIntegers(size: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(size * Int32Array.BYTES_PER_ELEMENT));
}

/** As `sharedIntegers`. */
export function largerShared(array: Int32Array, size: number): Int32Array {
  const larger = sharedIntegers(size);
  larger.set(array);
  return larger;
}
