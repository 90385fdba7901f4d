/** One question to the brokers at a time, each over a connection of its own, so that a broker's restart leaves nothing stale. */
import kafkajs, { type Admin, type Kafka } from "kafkajs";
import { errorKind, transportError } from "./kafka-errors.ts";

/** Tries again, up to `unreachableMs`, while the failure may pass. Throws AppError("transport"). */
export async function withAdmin<T>(
  kafka: Kafka,
  unreachableMs: number,
  doing: string,
  ask: (admin: Admin) => Promise<T>,
): Promise<T> {
  const deadlineMs = performance.now() + unreachableMs;
  for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 2_000)) {
    const admin = kafka.admin();
    try {
      await admin.connect();
      return await ask(admin);
    } catch (error) {
      if (errorKind(error) === "refused" || performance.now() + waitMs > deadlineMs) throw transportError(doing, error);
    } finally {
      await admin.disconnect().catch(() => {});
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

export interface PartitionOffsets {
  readonly partition: number;
  readonly low: number;
  /** Last stable offset: the admin of kafkajs asks with read_committed. */
  readonly high: number;
}

export async function offsetsOf(admin: Admin, topic: string): Promise<PartitionOffsets[]> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return offsets
    .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
    .sort((a, b) => a.partition - b.partition);
}

/**
 * How long brokers remember what was appended (append.ts), ms: the shortest of them. null: we may not ask.
 * @public for `doctor`
 */
export async function offsetsRetentionMs(admin: Admin): Promise<number | null> {
  const { brokers } = await admin.describeCluster();
  const type = kafkajs.ConfigResourceTypes.BROKER;
  const configNames = ["offsets.retention.minutes"];
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: brokers.map(({ nodeId }) => ({ type, name: String(nodeId), configNames })),
    });
    const minutes = resources.flatMap(({ configEntries }) =>
      configEntries.map(({ configValue }) => Number(configValue)),
    );
    return minutes.length === 0 ? null : Math.min(...minutes) * 60_000;
  } catch (error) {
    if (errorKind(error) === "refused") return null;
    throw error;
  }
}
