/** The thread of the Kafka client: answers the calls of `KafkaThread` with a `KafkaTransport`. */
/* oxlint-disable unicorn/require-post-message-target-origin -- that is for windows */
import { parentPort, workerData } from "node:worker_threads";
import { failureOf } from "../../errors.ts";
import { openLog } from "../../log.ts";
import { unpackPieces } from "../frames.ts";
import type { InputRecord } from "../transport.ts";
import { KafkaTransport } from "./kafka-transport.ts";
import { type Answer, type Calls, packInputs, type Request, type ThreadOptions } from "./thread-calls.ts";

/** Records of an output that go over at a time. */
const OUTPUT_RECORDS = 2_000;

const { logLevel, ...options } = workerData as ThreadOptions;
let made: KafkaTransport | null = null;
let output: AsyncIterator<InputRecord> | null = null;

/** Made by the first call, so that this one is answered with what is wrong with the options. */
function transport(): KafkaTransport {
  made ??= new KafkaTransport({ ...options, log: openLog(logLevel as Parameters<typeof openLog>[0]) });
  return made;
}

const serve: { [M in keyof Calls]: (...args: Parameters<Calls[M]>) => Promise<ReturnType<Calls[M]>> } = {
  open: async () => {
    await transport().open();
    const topics = [...options.outputTopics, ...options.logTopics];
    const outputPartitions = new Map(topics.map((topic) => [topic, transport().outputPartitions(topic)]));
    return { limits: transport().limits, outputPartitions };
  },
  inputWatermarks: () => transport().inputWatermarks(),
  fence: () => transport().fence(),
  readProgress: () => transport().readProgress(),
  seek: async (positions) => {
    await transport().seek(positions);
    return transport().positions();
  },
  poll: async (...limits) => {
    const records = packInputs(await transport().poll(...limits));
    return { records, positions: transport().positions() };
  },
  publish: (packed, progress, positions) => transport().publish({ records: unpackPieces(packed), progress, positions }),
  append: (source, records) => transport().append(source, records),
  beginOutput: async (topic) => {
    output = transport().readOutput(topic)[Symbol.asyncIterator]();
  },
  nextOutput: async () => {
    const records: InputRecord[] = [];
    while (output !== null && records.length < OUTPUT_RECORDS) {
      const next = await output.next();
      if (next.done === true) output = null;
      else records.push(next.value);
    }
    return records.length === 0 ? null : packInputs(records);
  },
  endOutput: async () => {
    await output?.return?.();
    output = null;
  },
  close: () => transport().close(),
};

async function answer({ id, method, args }: Request): Promise<void> {
  try {
    const call = serve[method] as (...args: readonly unknown[]) => Promise<unknown>;
    post({ id, result: await call(...args) });
  } catch (error) {
    post({ id, failure: failureOf(error) });
  }
}

function post(message: Answer): void {
  parentPort?.postMessage(message);
}

parentPort?.on("message", (request: Request) => void answer(request));
