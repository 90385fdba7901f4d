/** What the suites of the transport contract share: the fixture an implementation provides, and short ways to use it. */
import { expect, test } from "vitest";
import type {
  AppendRecord,
  Headers,
  InputRecord,
  OutputRecord,
  Positions,
  PublishBatch,
  Transport,
} from "../../src/transport/transport.ts";

export type CutOff = "publish before commit" | "publish after commit" | "append";

/** A fresh broker or folder for one test. */
export interface TransportFixture {
  /** Two partitions. */
  readonly inputTopic: string;
  /** One partition. */
  readonly secondInputTopic: string;
  /** Three partitions. */
  readonly outputTopic: string;
  /** One partition. */
  readonly secondOutputTopic: string;
  /** Another transport of the same engine, not open yet; `dispose` closes those that are still open. */
  transport(): Transport;
  /** One whose next publish, or append, is cut off at this moment: it rejects or does not answer `committed`. */
  cutOff(moment: CutOff): Transport;
  /** Writes to an input partition as a foreign producer does. */
  produce(topic: string, partition: number, record: Produced): Promise<void>;
  dispose(): Promise<void>;
}

export interface Produced {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

/** What an implementation need not show, each with the reason why. */
export interface TransportExceptions {
  /** Two transports of one engine at the same time. */
  readonly rivals?: string;
  readonly foreignProducers?: string;
  readonly cutOffs?: string;
}

/** What a suite works with: the fixture of the running test, and tests that an implementation may have to skip. */
export interface Suite {
  readonly fixture: () => TransportFixture;
  readonly exceptions: TransportExceptions;
}

/** `test`, or, where there is a reason, a skipped test that tells it. */
export function testUnless(reason: string | undefined): (title: string, run: () => Promise<void>) => void {
  return (title, run) => test(title, (context) => (reason === undefined ? run() : context.skip(reason)));
}

export const WAIT_MS = 10_000;
export const BYTES_MAX = 64 * 1024 * 1024;
export const NOWHERE: Positions = new Map();

export const bytes = (text: string): Uint8Array => Buffer.from(text);
export const text = (content: Uint8Array | null): string | null =>
  content === null ? null : Buffer.from(content).toString();
const hex = (content: Uint8Array | null): string | null =>
  content === null ? null : Buffer.from(content).toString("hex");

/** Headers as text of bytes: a transport may give text back as bytes. */
function headerHex(headers: Headers): Record<string, string | null> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, hex(Buffer.from(value))]));
}

export const content = ({ key, value, headers }: Produced): unknown => [hex(key), hex(value), headerHex(headers)];

export function batchOf(records: readonly OutputRecord[], progress: string): PublishBatch {
  return { records, progress: bytes(progress), positions: NOWHERE };
}

export async function started(transport: Transport, positions: Positions = NOWHERE): Promise<Transport> {
  await transport.open();
  expect(await transport.fence()).toBe("owner");
  await transport.readProgress();
  await transport.seek(positions);
  return transport;
}

export async function polled(transport: Transport, count: number): Promise<InputRecord[]> {
  const records: InputRecord[] = [];
  const deadline = Date.now() + WAIT_MS;
  while (records.length < count && Date.now() < deadline)
    records.push(...(await transport.poll(10_000, BYTES_MAX, 200)));
  return records;
}

export async function outputOf(transport: Transport, topic: string): Promise<InputRecord[]> {
  const records: InputRecord[] = [];
  for await (const record of transport.readOutput(topic)) records.push(record);
  return records;
}

export function expectOrder(records: readonly InputRecord[]): void {
  const last = new Map<string, number>();
  for (const { topic, partition, offset } of records) {
    expect(offset).toBeGreaterThan(last.get(`${topic}-${partition}`) ?? -1);
    last.set(`${topic}-${partition}`, offset);
  }
}

export function positionsAfter(records: readonly InputRecord[]): Positions {
  const positions = new Map<string, Map<number, number>>();
  for (const { topic, partition, offset } of records) {
    if (!positions.has(topic)) positions.set(topic, new Map());
    positions.get(topic)!.set(partition, offset + 1);
  }
  return positions;
}

export function appendRecords(topic: string, count: number, from = 0): AppendRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    topic,
    key: `key ${(from + i) % 7}`,
    value: bytes(`{"n":${from + i}}`),
    headers: {},
  }));
}

export function outputRecord(topic: string, n: number, partition: number = n % 3): OutputRecord {
  return {
    topic,
    partition,
    key: bytes(`["user ${n}","entitlement"]`),
    value: bytes(`{"n":${n}}`),
    headers: { cor: `e.1.${n}.0` },
  };
}
