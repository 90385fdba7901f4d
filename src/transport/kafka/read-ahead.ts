/**
 * Records read ahead. They are given away in fair rounds over the partitions, so that the backlog of one does not keep the
 * records of another waiting; within a partition the order is that of reading.
 */
import type { InputRecord } from "../transport.ts";

/** Records of a partition, those before `head` given away. */
interface Queue {
  records: InputRecord[];
  head: number;
}

/** Given away records are let go when there are so many, and they are half of the queue. */
const LET_GO_MIN = 1_024;
/** What a record takes beside its key and value. */
const RECORD_BYTES = 100;

export class ReadAhead {
  readonly #queues = new Map<string, Queue>();
  /** Those that hold something, in the order of their turns. */
  readonly #turns: Queue[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#turns.length === 0;
  }

  /** Of all that waits. */
  get bytes(): number {
    return this.#bytes;
  }

  push(record: InputRecord): void {
    const name = `${record.partition}/${record.topic}`;
    const queue = this.#queues.get(name) ?? { records: [], head: 0 };
    this.#queues.set(name, queue);
    if (queue.records.length === 0) this.#turns.push(queue);
    queue.records.push(record);
    this.#bytes += sizeOf(record);
  }

  /** Up to the limits, and at least one when there is any. */
  take(recordsMax: number, bytesMax: number): InputRecord[] {
    const taken: InputRecord[] = [];
    let bytes = 0;
    while (taken.length < recordsMax) {
      const [queue] = this.#turns;
      if (queue === undefined) break;
      const record = queue.records[queue.head] as InputRecord;
      const size = sizeOf(record);
      if (taken.length > 0 && bytes + size > bytesMax) break;
      taken.push(record);
      bytes += size;
      queue.head++;
      this.#turns.shift();
      if (queue.head < queue.records.length) this.#turns.push(queue);
      letGo(queue);
    }
    this.#bytes -= bytes;
    return taken;
  }
}

function letGo(queue: Queue): void {
  const { records, head } = queue;
  if (head < records.length && (head < LET_GO_MIN || head * 2 < records.length)) return;
  queue.records = records.slice(head);
  queue.head = 0;
}

function sizeOf({ key, value }: InputRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + RECORD_BYTES;
}
