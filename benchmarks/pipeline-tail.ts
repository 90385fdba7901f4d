/** The committed records of topics from now on, as they come: what a consumer sees, and when. */
import type { Admin, Kafka } from "kafkajs";
import { offsetsOf, withAdmin } from "../src/transport/kafka/admin.ts";
import { Source } from "../src/transport/kafka/source.ts";
import type { InputRecord, Positions } from "../src/transport/transport.ts";

const UNREACHABLE_MS = 60_000;
const QUEUE_BYTES_MAX = 16 * 2 ** 20;
const POLL_MS = 500;

export function withAdminOf<T>(kafka: Kafka, ask: (admin: Admin) => Promise<T>): Promise<T> {
  return withAdmin(kafka, UNREACHABLE_MS, "the benchmark asks", ask);
}

/** Where the topics end now, as a reader of committed records sees it. */
export async function endsOf(kafka: Kafka, topics: readonly string[]): Promise<Positions> {
  return withAdminOf(kafka, async (admin) => {
    const ends = new Map<string, ReadonlyMap<number, number>>();
    for (const topic of topics) {
      const offsets = await offsetsOf(admin, topic);
      ends.set(topic, new Map(offsets.map(({ partition, high }) => [partition, high])));
    }
    return ends;
  });
}

/** Records before the positions, markers of transactions included. */
export function sumOf(positions: Positions): number {
  let sum = 0;
  for (const offsets of positions.values()) for (const offset of offsets.values()) sum += offset;
  return sum;
}

export class Tail {
  readonly #source: Source;
  #stopped = false;
  #reading: Promise<void> = Promise.resolve();

  private constructor(source: Source) {
    this.#source = source;
  }

  static async open(
    kafka: Kafka,
    groupPrefix: string,
    topics: readonly string[],
    take: (record: InputRecord) => void,
    fail: (error: Error) => void,
  ): Promise<Tail> {
    const source = new Source(kafka, {
      groupPrefix,
      positions: await endsOf(kafka, topics),
      queueBytesMax: QUEUE_BYTES_MAX,
      unreachableMs: UNREACHABLE_MS,
      onJump: null,
    });
    await source.start();
    const tail = new Tail(source);
    tail.#reading = tail.#read(take).catch(fail);
    return tail;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#source.stop();
    await this.#reading;
  }

  async #read(take: (record: InputRecord) => void): Promise<void> {
    while (!this.#stopped) {
      for (const record of await this.#source.poll(Number.MAX_SAFE_INTEGER, QUEUE_BYTES_MAX, POLL_MS)) take(record);
    }
  }
}
