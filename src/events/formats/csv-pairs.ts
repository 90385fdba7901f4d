/**
 * What a file said of each pair, in columns: files have millions of rows. Rows are only noted while they are read; which
 * of them contradict is found at the end by sorting, which costs far less than looking every row up in a table.
 */

/** Users and entitlements of a file are keys of a `Map`, which takes no more. */
const ENTITLEMENTS_MAX = 2 ** 24;
const SAID_MAX = 8;

export interface Contradiction {
  readonly line: number;
  readonly earlierLine: number;
}

export class CsvPairs {
  #keys: Float64Array = new Float64Array(1024);
  #lines: Uint32Array = new Uint32Array(1024);
  #size = 0;

  /** `said`: a small code, below 8. */
  note(user: number, entitlement: number, said: number, line: number): void {
    if (this.#size === this.#keys.length) this.#grow();
    this.#keys[this.#size] = (user * ENTITLEMENTS_MAX + entitlement) * SAID_MAX + said;
    this.#lines[this.#size++] = line;
  }

  /** The first row that says something else of its pair than a row before it; null: there is none. */
  contradiction(): Contradiction | null {
    const keys = this.#keys.subarray(0, this.#size);
    const sorted = keys.slice().sort();
    const isDisputed = (key: number, i: number): boolean =>
      i > 0 && key !== sorted[i - 1] && samePair(key, sorted[i - 1]!);
    const disputed = new Set(sorted.filter(isDisputed).map(pairOf));
    if (disputed.size === 0) return null;
    const firsts = new Map<number, number>();
    for (const [i, key] of keys.entries()) {
      const pair = pairOf(key);
      if (!disputed.has(pair)) continue;
      const first = firsts.get(pair);
      if (first === undefined) firsts.set(pair, i);
      else if (keys[first] !== key) return { line: this.#lines[i]!, earlierLine: this.#lines[first]! };
    }
    return null;
  }

  #grow(): void {
    const [keys, lines] = [this.#keys, this.#lines];
    this.#keys = new Float64Array(keys.length * 2);
    this.#keys.set(keys);
    this.#lines = new Uint32Array(lines.length * 2);
    this.#lines.set(lines);
  }
}

function samePair(key: number, other: number): boolean {
  return pairOf(key) === pairOf(other);
}

function pairOf(key: number): number {
  return Math.floor(key / SAID_MAX);
}
