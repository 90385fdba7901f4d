import type { InputRecord } from "../../src/transport/transport.ts";

/** One partition of the memory broker. */
export class MemoryLog {
  readonly records: InputRecord[] = [];
  low = 0;
  high = 0;

  /** Index of the first record at or behind an offset. */
  indexOf(offset: number): number {
    let from = 0;
    let to = this.records.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.records[middle]!.offset < offset) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
