/**
 * Seeded pseudo-random numbers (sfc32, Chris Doty-Humphrey): the same seed gives the same company and the same events on
 * every machine. Not for secrets.
 */
export class Prng {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** `stream` separates independent sequences of one seed. Both are whole numbers of 32 bits. */
  constructor(seed: number, stream: number) {
    this.a = seed | 0;
    this.b = stream | 0;
    this.c = 0x9e3779b9 | 0;
    for (let warmUp = 0; warmUp < 16; warmUp += 1) this.uint32();
  }

  uint32(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** At least 0, below 1. */
  fraction(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** A whole number, at least 0, below `limit`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("nothing to pick from");
    return list[this.below(list.length)] as T;
  }
}

/** Draws indexes with given weights: the larger the weight, the more often. */
export class WeightedIndex {
  private readonly upTo: Float64Array;

  constructor(weights: readonly number[]) {
    let sum = 0;
    this.upTo = Float64Array.from(weights, (weight) => {
      sum += weight;
      return sum;
    });
    if (!(sum > 0)) throw new RangeError("weights must have a positive sum");
  }

  /** Sizes as they are found in companies: the i-th group has the weight 1 / i^exponent. */
  static zipf(groups: number, exponent: number): WeightedIndex {
    return new WeightedIndex(Array.from({ length: groups }, (_, index) => (index + 1) ** -exponent));
  }

  draw(prng: Prng): number {
    const wanted = prng.fraction() * this.upTo[this.upTo.length - 1]!;
    let low = 0;
    let high = this.upTo.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.upTo[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
