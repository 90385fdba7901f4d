/** The backlog of a worker that has ended, done again by a bare client: the time that Kafka takes of the pipeline's. */
import type { Kafka } from "kafkajs";
import { openLog } from "../src/log.ts";
import { createKafka } from "../src/transport/kafka/client.ts";
import { createTopics } from "../src/transport/kafka/topics.ts";
import type { Positions } from "../src/transport/transport.ts";
import { kafkajsWithout } from "../test/support/kafkajs-copies.ts";
import { runBare } from "./bare-client.ts";
import type { KafkaPipeline } from "./pipeline-kafka.ts";
import type { Steps } from "./pipeline-steps.ts";
import { endsOf, withAdminOf } from "./pipeline-tail.ts";
import { bytesOf, readTransactions, type TransactionTopics } from "./pipeline-transactions.ts";
import { type Cost, rounded, say } from "./report.ts";

/** Where everything stood before the workload. */
export interface WorkloadStart {
  readonly inputs: Positions;
  readonly outputs: Positions;
}

export async function workloadStart(pipeline: KafkaPipeline): Promise<WorkloadStart> {
  const { outputTopics, logTopics, progressTopic } = pipeline.plan;
  const outputs = await endsOf(pipeline.kafka, [...outputTopics, ...logTopics, progressTopic]);
  return { inputs: pipeline.appended(), outputs };
}

/** `inputs`: events of the warm-up and the backlog. Throws where what the client wrote is not what the worker wrote. */
export async function compareWithBare(
  pipeline: KafkaPipeline,
  start: WorkloadStart,
  steps: Steps,
  inputs: number,
): Promise<{ bare: Cost; outputBytes: number }> {
  const { kafka, plan, config } = pipeline;
  const outputs = [...plan.outputTopics, ...plan.logTopics];
  const topics: TransactionTopics = { outputs, progress: plan.progressTopic, nameOf: (topic) => topic };
  const [warmUp, measured] = [range(steps.warmUp), range(steps.measured)];
  say("bare client: reading the worker's transactions");
  const all = await readTransactions(kafka, topics, start.outputs, { first: warmUp.first, last: measured.last });
  const firstMeasured = measured.first - warmUp.first;

  const copies = { ...topics, nameOf: (topic: string) => `${topic}.bare` };
  await createCopies(kafka, pipeline, copies.nameOf);
  say("bare client: writing them");
  const slow = kafkajsWithout("encoding");
  const bare = await runBare({
    engine: config.engine,
    kafka: createKafka(config.kafka, openLog("silent"), slow.load()),
    topics: copies,
    from: start.inputs,
    inputs,
    warmUp: all.slice(0, firstMeasured),
    measured: all.slice(firstMeasured),
  }).finally(() => slow.dispose());
  await readTransactions(kafka, copies, new Map(), { first: warmUp.first, last: measured.last });
  return { bare, outputBytes: bytesOf(all.slice(firstMeasured)) };
}

/** Both read and write the same, so the ratio of their rates is that of their times. */
export const ratioOf = (bare: Cost, pipelineSeconds: number): number => rounded(bare.seconds / pipelineSeconds);

const range = (steps: readonly { readonly step: number }[]): { first: number; last: number } => ({
  first: steps[0]?.step ?? 0,
  last: steps.at(-1)?.step ?? 0,
});

async function createCopies(kafka: Kafka, { plan, config }: KafkaPipeline, nameOf: (topic: string) => string) {
  const { partitions } = config.topics;
  const copied = {
    inputTopics: plan.inputTopics,
    outputTopics: plan.outputTopics.map(nameOf),
    logTopics: plan.logTopics.map(nameOf),
    progressTopic: nameOf(plan.progressTopic),
  };
  const sizes = { inputPartitions: partitions, outputPartitions: partitions, replicationFactor: 1 };
  await withAdminOf(kafka, (admin) => createTopics(admin, copied, sizes));
}
