/** What an independent consumer finds in the output topics: Kafka's own console consumer, `read_committed`. */
import { type StreamedRecord, streamTopic, type TopicSource } from "../support/console-stream.ts";
import { Changelog, type Listing } from "./listing.ts";
import { Sequence, type SequenceFindings } from "./sequence.ts";

export const CHANGELOGS = ["predictions", "recommendations", "flags"] as const;
const TRIES = 3;
const IDLE_MS = 4_000;

export interface Changelogs {
  readonly listing: Listing;
  /** Records of each. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface Outputs extends Changelogs {
  readonly sequence: SequenceFindings;
}

/**
 * Everything from the beginning. A consumer that is slow to begin looks like a topic that ends early: while not all
 * `steps` are there, it is read again, with more patience.
 */
export function readOutputs(source: TopicSource, steps: number): Promise<Outputs> {
  const isWhole = ({ sequence }: Outputs) => sequence.steps === steps && sequence.problems.length === 0;
  return patiently(isWhole, async (idleMs) => {
    const sequence = new Sequence();
    const [changelogs] = await Promise.all([
      readChangelogs(source, idleMs, (record) => sequence.take(record)),
      streamTopic(source, "rejects", idleMs, (record) => sequence.take(record)),
      streamTopic(source, "progress", idleMs, (record) => sequence.takeProgress(record)),
    ]);
    return { ...changelogs, sequence: sequence.findings() };
  });
}

/** The changelogs alone, whose last records say what holds, compacted or not. */
export function readListing(source: TopicSource, isWhole: (found: Changelogs) => boolean): Promise<Changelogs> {
  return patiently(isWhole, (idleMs) => readChangelogs(source, idleMs, () => {}));
}

async function patiently<T>(isWhole: (found: T) => boolean, read: (idleMs: number) => Promise<T>): Promise<T> {
  for (let tries = 1, idleMs = IDLE_MS; ; tries++, idleMs *= 3) {
    const found = await read(idleMs);
    if (isWhole(found) || tries === TRIES) return found;
  }
}

async function readChangelogs(
  source: TopicSource,
  idleMs: number,
  take: (record: StreamedRecord) => void,
): Promise<Changelogs> {
  const changelog = new Changelog();
  const counts: Record<string, number> = {};
  await Promise.all(
    CHANGELOGS.map((name) => {
      counts[name] = 0;
      return streamTopic(source, name, idleMs, (record) => {
        counts[name] = (counts[name] ?? 0) + 1;
        take(record);
        changelog.take(record);
      });
    }),
  );
  return { listing: changelog.listing(), counts };
}
