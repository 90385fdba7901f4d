/** What the topics must be like, and making them so. */
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, { type Admin, type ITopicConfig } from "kafkajs";
import { AppError } from "../../errors.ts";
import { protocolType } from "./kafka-errors.ts";

export interface TopicPlan {
  /** Read by the engine; never compacted, since a key carries many facts and a rebuild replays them all. */
  readonly inputTopics: readonly string[];
  /** Changelogs: compacted, the last record of a key is its state. */
  readonly outputTopics: readonly string[];
  /** Plain logs: rejects, audit. */
  readonly logTopics: readonly string[];
  /** One partition; its last record of an engine says what was published. */
  readonly progressTopic: string;
}

export interface TopicFacts {
  readonly topic: string;
  readonly partitions: number;
  readonly cleanupPolicy: string;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly minCompactionLagMs: number;
  /** How far ahead of the broker's clock a record may say that it was written; Infinity: as far as it likes. */
  readonly timestampAheadMaxMs: number;
  /** Largest record batch. */
  readonly maxMessageBytes: number;
}

export interface TopicReport {
  readonly facts: ReadonlyMap<string, TopicFacts>;
  /** Each a reason not to start. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

export interface NewTopics {
  readonly inputPartitions: number;
  readonly outputPartitions: number;
  /** -1: the default of the brokers. */
  readonly replicationFactor: number;
}

const LOOKS_AT_NEW_TOPICS = 50;
const LOOK_AT_NEW_TOPICS_MS = 200;
const NOT_YET = new Set(["UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE"]);
const TIMESTAMP_AHEAD = "message.timestamp.after.max.ms";
const MIN_COMPACTION_LAG_MS = 86_400_000;
/** The default of brokers from 4.0 on. */
const TIMESTAMP_AHEAD_MAX_MS = 3_600_000;
const PROGRESS_BYTES_MAX = 256 * 2 ** 20;
const PROGRESS_SEGMENT_BYTES = 16 * 2 ** 20;

/**
 * Compares the topics with the plan. Asks only.
 * @public for `doctor`
 */
export async function reportTopics(admin: Admin, plan: TopicPlan): Promise<TopicReport> {
  const wanted = [...plan.inputTopics, ...plan.outputTopics, ...plan.logTopics, plan.progressTopic];
  const existing = new Set(await admin.listTopics());
  const facts = await describe(
    admin,
    wanted.filter((topic) => existing.has(topic)),
  );
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const topic of wanted) if (!existing.has(topic)) problems.push(`topic ${topic} does not exist`);
  for (const topic of plan.inputTopics) inputRules(facts.get(topic), problems, warnings);
  for (const topic of plan.outputTopics) outputRules(facts.get(topic), problems, warnings);
  for (const topic of plan.logTopics) logRules(facts.get(topic), problems);
  progressRules(facts.get(plan.progressTopic), problems);
  return { facts, problems, warnings };
}

/** Throws AppError("transport") with all problems. */
export async function checkTopics(admin: Admin, plan: TopicPlan): Promise<TopicReport> {
  const report = await reportTopics(admin, plan);
  if (report.problems.length === 0) return report;
  throw new AppError(
    "transport",
    `Kafka topics: ${report.problems.join("; ")}`,
    "Create missing topics with `corollary topics --create`; change the settings of the others with kafka-configs.sh.",
  );
}

/** Creates what is missing, then checks all. Gives the names of the new topics. */
export async function createTopics(admin: Admin, plan: TopicPlan, sizes: NewTopics): Promise<readonly string[]> {
  const existing = new Set(await admin.listTopics());
  const topics = definitions(plan, sizes).filter(({ topic }) => !existing.has(topic));
  await makeTopics(admin, topics);
  await checkTopics(admin, plan);
  return topics.map(({ topic }) => topic);
}

/**
 * Creates topics and waits until they can be used. Brokers learn of new topics one after the other: for a moment one that
 * is asked may not know them, or not their leaders. kafkajs's own wait ends with an error at the first that does not.
 */
export async function makeTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  if (topics.length === 0) return;
  await admin.createTopics({ topics, waitForLeaders: false });
  const names = topics.map(({ topic }) => topic);
  for (let looks = 1; looks < LOOKS_AT_NEW_TOPICS; looks++) {
    try {
      await describe(admin, names);
      return;
    } catch (error) {
      if (!NOT_YET.has(protocolType(error) ?? "")) throw error;
    }
    await sleep(LOOK_AT_NEW_TOPICS_MS);
  }
}

function definitions(plan: TopicPlan, sizes: NewTopics): ITopicConfig[] {
  const make = (
    topic: string,
    numPartitions: number,
    config: Readonly<Record<string, string | number>>,
  ): ITopicConfig => ({
    topic,
    numPartitions,
    replicationFactor: sizes.replicationFactor,
    configEntries: Object.entries(config).map(([name, value]) => ({ name, value: String(value) })),
  });
  const log = { "cleanup.policy": "delete", "retention.ms": -1 };
  const input = { ...log, [TIMESTAMP_AHEAD]: TIMESTAMP_AHEAD_MAX_MS };
  const changelog = { "cleanup.policy": "compact", "min.compaction.lag.ms": MIN_COMPACTION_LAG_MS };
  const progress = { ...log, "retention.bytes": PROGRESS_BYTES_MAX, "segment.bytes": PROGRESS_SEGMENT_BYTES };
  return [
    ...plan.inputTopics.map((topic) => make(topic, sizes.inputPartitions, input)),
    ...plan.outputTopics.map((topic) => make(topic, sizes.outputPartitions, changelog)),
    ...plan.logTopics.map((topic) => make(topic, sizes.outputPartitions, log)),
    make(plan.progressTopic, 1, progress),
  ];
}

async function describe(admin: Admin, names: readonly string[]): Promise<Map<string, TopicFacts>> {
  const facts = new Map<string, TopicFacts>();
  if (names.length === 0) return facts;
  const { topics } = await admin.fetchTopicMetadata({ topics: [...names] });
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type, name })),
  });
  for (const { resourceName, configEntries } of resources) {
    const value = (name: string): string =>
      configEntries.find(({ configName }) => configName === name)?.configValue ?? "";
    facts.set(resourceName, {
      topic: resourceName,
      partitions: topics.find(({ name }) => name === resourceName)?.partitions.length ?? 0,
      cleanupPolicy: value("cleanup.policy"),
      retentionMs: Number(value("retention.ms")),
      retentionBytes: Number(value("retention.bytes")),
      minCompactionLagMs: Number(value("min.compaction.lag.ms")),
      timestampAheadMaxMs:
        value("message.timestamp.type") === "LogAppendTime" ? 0 : Number(value(TIMESTAMP_AHEAD) || Infinity),
      maxMessageBytes: Number(value("max.message.bytes")),
    });
  }
  return facts;
}

function compacts(facts: TopicFacts): boolean {
  return facts.cleanupPolicy.split(",").some((policy) => policy.trim() === "compact");
}

function inputRules(facts: TopicFacts | undefined, problems: string[], warnings: string[]): void {
  if (facts === undefined) return;
  if (compacts(facts)) {
    problems.push(
      `input ${facts.topic} has cleanup.policy=${facts.cleanupPolicy}, allowed is delete: compaction would lose facts`,
    );
  }
  if (facts.timestampAheadMaxMs > TIMESTAMP_AHEAD_MAX_MS) {
    warnings.push(
      `input ${facts.topic} takes records that claim to come from the future: a producer with a wrong clock could date events so that nothing overwrites them; set ${TIMESTAMP_AHEAD}=${TIMESTAMP_AHEAD_MAX_MS}`,
    );
  }
  if (facts.retentionMs !== -1 || facts.retentionBytes !== -1) {
    warnings.push(`input ${facts.topic} forgets old records: a rebuild needs a backup of the state that is younger`);
  }
}

function outputRules(facts: TopicFacts | undefined, problems: string[], warnings: string[]): void {
  if (facts === undefined) return;
  if (facts.cleanupPolicy !== "compact") {
    problems.push(
      `output ${facts.topic} has cleanup.policy=${facts.cleanupPolicy}, allowed is compact: it holds the present state`,
    );
  }
  if (facts.minCompactionLagMs < MIN_COMPACTION_LAG_MS) {
    warnings.push(
      `output ${facts.topic} has min.compaction.lag.ms=${facts.minCompactionLagMs}: slow readers may miss deltas`,
    );
  }
}

function logRules(facts: TopicFacts | undefined, problems: string[]): void {
  if (facts !== undefined && compacts(facts)) {
    problems.push(`log ${facts.topic} has cleanup.policy=${facts.cleanupPolicy}, allowed is delete`);
  }
}

function progressRules(facts: TopicFacts | undefined, problems: string[]): void {
  if (facts === undefined) return;
  const { topic, partitions, cleanupPolicy, retentionMs } = facts;
  if (partitions !== 1) problems.push(`progress ${topic} has ${partitions} partitions, allowed is 1`);
  if (compacts(facts)) problems.push(`progress ${topic} has cleanup.policy=${cleanupPolicy}, allowed is delete`);
  if (retentionMs !== -1) problems.push(`progress ${topic} has retention.ms=${retentionMs}, allowed is -1`);
}
