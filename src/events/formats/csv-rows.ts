/**
 * The rows of a block of a CSV file, one after the other, as the bytes that they are: nothing is decoded that nobody asks
 * for, and no row is an object of its own.
 */

export const LINE_END = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** Between values and behind rows that a parser took apart: no text of UTF-8 has these bytes. */
const VALUE_END = 0xff;
const ROW_END = 0xfe;

export class CsvRows {
  readonly bytes: Buffer;
  readonly #isAscii: boolean;
  readonly #delimiter: number;
  readonly #rowEnd: number;
  #ends: Int32Array = new Int32Array(16);
  #start = 0;
  #next = 0;

  /** Values in the row. */
  width = 0;
  /** Where the row begins, from 1. */
  line: number;
  /** Where the row behind it begins. */
  nextLine: number;

  constructor(bytes: Buffer, isAscii: boolean, delimiter: number, rowEnd: number, firstLine: number) {
    this.bytes = bytes;
    this.#isAscii = isAscii;
    this.#delimiter = delimiter;
    this.#rowEnd = rowEnd;
    this.line = firstLine;
    this.nextLine = firstLine;
  }

  /** Goes to the next row that is not empty; false: there is none. */
  next(): boolean {
    while (this.#next < this.bytes.length) {
      this.line = this.nextLine;
      this.#scan();
      if (this.width > 1 || this.endOf(0) > this.#start) return true;
    }
    return false;
  }

  startOf(column: number): number {
    return column === 0 ? this.#start : this.#ends[column - 1]! + 1;
  }

  endOf(column: number): number {
    return this.#ends[column]!;
  }

  /** Without looking whether it is allowed. A copy: it does not keep the block in memory. */
  textOf(column: number): string {
    return this.#isAscii
      ? this.bytes.toString("latin1", this.startOf(column), this.endOf(column))
      : this.bytes.toString("utf8", this.startOf(column), this.endOf(column));
  }

  #scan(): void {
    const { bytes } = this;
    const delimiter = this.#delimiter;
    const rowEnd = this.#rowEnd;
    const start = this.#next;
    let ends = this.#ends;
    let width = 0;
    let at = start;
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === delimiter) {
        ends[width++] = at;
        if (width === ends.length) ends = this.#lengthenEnds();
      } else if (byte === rowEnd) break;
      else if (byte === LINE_END) this.nextLine++;
    }
    const isCrlf = rowEnd === LINE_END && at > start && bytes[at - 1] === CARRIAGE_RETURN;
    ends[width++] = isCrlf ? at - 1 : at;
    this.width = width;
    this.nextLine++;
    this.#start = start;
    this.#next = at + 1;
  }

  /** There is always room for one more. */
  #lengthenEnds(): Int32Array {
    const longer = new Int32Array(this.#ends.length * 2);
    longer.set(this.#ends);
    this.#ends = longer;
    return longer;
  }
}

/** `bytesMax`: at least the bytes of all values with one for each. */
export function parsedRows(rows: readonly (readonly string[])[], bytesMax: number, firstLine: number): CsvRows {
  const bytes = Buffer.allocUnsafe(bytesMax + 1);
  let size = 0;
  for (const values of rows) {
    for (const value of values) {
      size += bytes.write(value, size);
      bytes[size++] = VALUE_END;
    }
    bytes[size - 1] = ROW_END;
  }
  return new CsvRows(bytes.subarray(0, size), false, VALUE_END, ROW_END, firstLine);
}
