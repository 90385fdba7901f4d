/**
 * How long event ids are remembered. Whether an event is a repeat is judged by the times of the two records and nothing
 * else, neither the clock nor the borders of steps, so that a replay of the inputs judges alike. An id may be forgotten
 * only when no record within `dedupDays` of it can come any more.
 */
import type { Outcome } from "../events/event.ts";
import type { EventId } from "../state/store.ts";
import type { InputRecord, Positions, Watermark } from "../transport/transport.ts";
import { DAY_MINUTES, minuteOf } from "./clock.ts";
import { positionOf } from "./positions.ts";

/** The time of a record may lie this far before that of records that were read earlier. */
const DISORDER_MINUTES = DAY_MINUTES;

/** Both in minutes since 1970: that of a record, and that of the one in which its event id was seen. */
export function isRepeat(minute: number, seenMinute: number, dedupDays: number): boolean {
  return Math.abs(minute - seenMinute) <= dedupDays * DAY_MINUTES;
}

/** The ids of a batch's events, in their order; null: none. */
export class EventIds {
  readonly #ids: readonly (EventId | null)[];
  readonly #seen: Map<string, number>;
  readonly #dedupDays: number;
  /** Those to be remembered: of events that were taken. */
  readonly taken: EventId[] = [];

  /** `seen`: those of them that are remembered, each with its minute. */
  constructor(ids: readonly (EventId | null)[], seen: ReadonlyMap<string, number>, dedupDays: number) {
    this.#ids = ids;
    this.#seen = new Map(seen);
    this.#dedupDays = dedupDays;
  }

  /** Leaves out a repeat. The id of a refused event is not seen: the producer may send it again, mended. */
  readonly admit = (index: number, apply: () => Outcome): Outcome => {
    const given = this.#ids[index] ?? null;
    if (given === null) return apply();
    const [id, minute] = given;
    const seenMinute = this.#seen.get(id);
    if (seenMinute !== undefined && isRepeat(minute, seenMinute, this.#dedupDays)) return "unchanged";
    const outcome = apply();
    if (typeof outcome === "string") {
      this.#seen.set(id, minute);
      this.taken.push(given);
    }
    return outcome;
  };
}

export class Forgetting {
  readonly #keptMinutes: number;
  /** Minute of the last record read, by topic and partition. */
  readonly #last = new Map<string, Map<number, number>>();
  #newest = 0;
  #considered = 0;
  #before = 0;

  constructor(dedupDays: number) {
    this.#keptMinutes = dedupDays * DAY_MINUTES + DISORDER_MINUTES;
  }

  /** Event ids of records before this minute are not needed any more. */
  get before(): number {
    return this.#before;
  }

  /** true: the records have moved on by a day since `consider`. */
  get isDue(): boolean {
    return this.#newest >= this.#considered + DAY_MINUTES;
  }

  /** After each step. A record that claims to come from the future counts as one of now. */
  observe(records: readonly InputRecord[], clockMinute: number): void {
    for (const { topic, partition, timestampMs } of records) {
      const minute = Math.min(minuteOf(timestampMs), clockMinute);
      const partitions = this.#last.get(topic) ?? new Map<number, number>();
      this.#last.set(topic, partitions.set(partition, minute));
      this.#newest = Math.max(this.#newest, minute);
    }
  }

  /** What is still to be read is no older than the last record of its partition, and than the newest one if all is read. */
  consider(positions: Positions, watermarks: readonly Watermark[]): void {
    let oldest = this.#newest;
    for (const { topic, partition, high } of watermarks) {
      if ((positionOf(positions, topic, partition) ?? 0) >= high) continue;
      oldest = Math.min(oldest, this.#last.get(topic)?.get(partition) ?? 0);
    }
    this.#before = Math.max(this.#before, oldest - this.#keptMinutes);
    this.#considered = this.#newest;
  }
}
