/** Our faster encoding of kafkajs writes what the released one writes, byte for byte. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import kafkajs, { type Message } from "kafkajs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { installedKafkajs, type KafkajsCopy, pristineKafkajs } from "../support/kafkajs-copies.ts";

interface TopicData {
  readonly topic: string;
  readonly partitions: readonly { partition: number; messages: readonly Message[]; firstSequence: number }[];
}
type MakeRequest = (options: object & { topicData: readonly TopicData[] }) => object;
type Frame = (call: {
  request: object;
  correlationId: number;
  clientId: string;
}) => Promise<{ readonly buffer: Buffer }>;
type Group = (options: Record<string, unknown>) => Record<string, Message[]>;

/** What of kafkajs we have patched. */
const load = (folder: string) => {
  const require = createRequire(join(folder, "any.js"));
  return {
    produce: require("kafkajs/src/protocol/requests/produce/v7/request") as MakeRequest,
    frame: require("kafkajs/src/protocol/request") as Frame,
    crc32C: require("kafkajs/src/protocol/recordBatch/crc32C") as (bytes: Buffer) => number,
    group: require("kafkajs/src/producer/groupMessagesPerPartition") as Group,
  };
};

let pristine: KafkajsCopy;
let before: ReturnType<typeof load>;
const after = load(dirname(dirname(installedKafkajs)));
beforeAll(() => {
  pristine = pristineKafkajs();
  before = load(pristine.folder);
});
afterAll(() => pristine.dispose());
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_764_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const content = fc.oneof(fc.constant(null), bytes, fc.string({ unit: "binary", maxLength: 300 }));
const header = fc.oneof(bytes, fc.string({ unit: "grapheme" }));
const timestamp = fc.integer({ min: -(2 ** 40), max: 2 ** 40 }).map((ms) => String(1_764_000_000_000 + ms));
const message: fc.Arbitrary<Message> = fc.record(
  {
    key: content,
    value: content,
    headers: fc.dictionary(fc.string(), fc.oneof(header, fc.array(header, { maxLength: 3 })), { maxKeys: 3 }),
    timestamp,
  },
  { requiredKeys: ["value"] },
);

const encode = async (
  { produce, frame }: Pick<ReturnType<typeof load>, "produce" | "frame">,
  messages: readonly Message[],
  compression: number,
  transactionalId: string | null,
): Promise<Buffer> => {
  const rest = messages.slice(messages.length >> 1);
  const partitions = [
    { partition: 3, messages, firstSequence: 2 ** 31 - 5 },
    { partition: 4, messages: rest, firstSequence: 0 },
  ];
  const topicData = [
    { topic: "out", partitions },
    { topic: "progress", partitions: [{ partition: 0, messages: rest.slice(0, 1), firstSequence: 1 }] },
  ];
  const options = { acks: -1, timeout: 30_000, transactionalId, producerId: "4001", producerEpoch: 7, compression };
  const request = produce({ ...options, topicData });
  return (await frame({ request, correlationId: 7, clientId: "corollary" })).buffer;
};

test("a request to produce", async () => {
  const { None, GZIP } = kafkajs.CompressionTypes;
  const property = fc.asyncProperty(
    fc.array(message, { maxLength: 80 }),
    fc.constantFrom(None, GZIP),
    fc.constantFrom(null, "engine"),
    async (messages, compression, transactionalId) => {
      const [was, is] = await Promise.all(
        [before, after].map((which) => encode(which, messages, compression, transactionalId)),
      );
      expect(is?.equals(was ?? Buffer.alloc(0))).toBe(true);
    },
  );
  await fc.assert(property, { numRuns: 200 });
});

test("a large record, and more records than a byte can count", async () => {
  const messages = Array.from({ length: 20_000 }, (_, n) => ({
    key: `k${n}`,
    value: n === 9 ? "v".repeat(2 ** 20) : "",
  }));
  expect((await encode(after, messages, 0, "engine")).equals(await encode(before, messages, 0, "engine"))).toBe(true);
});

test("the checksum, whatever the length", () => {
  expect(after.crc32C(Buffer.from("123456789"))).toBe(0xe3069283);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (array) => {
      expect(after.crc32C(Buffer.from(array))).toBe(before.crc32C(Buffer.from(array)));
    }),
  );
});

test("the messages of each partition, in order", () => {
  const options = {
    topic: "out",
    partitionMetadata: [{}, {}, {}],
    partitioner: ({ message: { partition } }: { message: Message }) => partition,
    messages: Array.from({ length: 50 }, (_, n) => ({ value: String(n), partition: (n * 7) % 3 })),
  };
  expect(after.group(options)).toEqual(before.group(options));
  expect(after.group({ ...options, partitionMetadata: [] })).toEqual({});
});
