/** A column of keys that come again and again: each is checked and kept once, and has a number. */
import type { CsvRow } from "./csv.ts";
import { type CsvHeader, keyAt } from "./csv-table.ts";

export class CsvKeys {
  readonly #header: CsvHeader;
  readonly #index: number;
  readonly #numbers: Map<string, number> = new Map();
  readonly #texts: string[] = [];
  /** Files are often sorted by one of their keys. */
  #last = -1;

  constructor(header: CsvHeader, index: number) {
    this.#header = header;
    this.#index = index;
  }

  /** The number of a row's key. Throws AppError("input") when it is empty or not allowed. */
  numberAt(row: CsvRow): number {
    const text = row.values[this.#index]!;
    if (text === this.#texts[this.#last]) return this.#last;
    const known = this.#numbers.get(text);
    this.#last = known ?? this.#add(keyAt(row, this.#index, this.#header));
    return this.#last;
  }

  /** The same object for every row with this key, so that it is hashed once. */
  textOf(number: number): string {
    return this.#texts[number]!;
  }

  /** A part of a text keeps the whole text in memory; a copy does not. */
  #add(part: string): number {
    const text = Buffer.from(part).toString();
    this.#numbers.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }
}
