/** The topics of the configuration on their broker: what is missing is made, and what stands there is said. */
import type { Config } from "../config/keys.ts";
import { AppError } from "../errors.ts";
import { offsetsRetentionMs, withAdmin } from "../transport/kafka/admin.ts";
import { createKafka } from "../transport/kafka/client.ts";
import {
  createTopics,
  reportTopics,
  type TopicFacts,
  type TopicPlan,
  type TopicReport,
} from "../transport/kafka/topics.ts";
import type { Session } from "./session.ts";

const UNREACHABLE_MS = 30_000;

/** Rejects with AppError("transport") where a topic is missing or cannot be used as it is. */
export async function lookAtTopics(session: Session, create: boolean): Promise<void> {
  const { config, log } = session;
  const kafka = createKafka(config.kafka, log);
  const plan = topicPlan(config);
  const { partitions } = config.topics;
  const { replicationFactor } = config.kafka;
  const sizes = { inputPartitions: partitions, outputPartitions: partitions, replicationFactor };
  const created = create
    ? await withAdmin(kafka, UNREACHABLE_MS, "create topics", (admin) => createTopics(admin, plan, sizes))
    : [];
  say(session, created, await topicReport(session));
}

/** What the topics are like, with all that is wrong; asks only. */
export async function topicReport({ config, log }: Session): Promise<TopicReport> {
  const kafka = createKafka(config.kafka, log);
  return withAdmin(kafka, UNREACHABLE_MS, "look at topics", (admin) => reportTopics(admin, topicPlan(config)));
}

/** How long the brokers remember what was appended, ms; null: they do not tell. */
export async function appendMemory({ config, log }: Session): Promise<number | null> {
  return withAdmin(createKafka(config.kafka, log), UNREACHABLE_MS, "ask the brokers", offsetsRetentionMs);
}

/** How long the longest-lived input is kept, ms; Infinity: for ever. */
export function inputsKeptMs(config: Config, topics: ReadonlyMap<string, TopicFacts>): number {
  const kept = topicPlan(config).inputTopics.map((topic) => topics.get(topic)?.retentionMs ?? 0);
  return Math.max(...kept.map((ms) => (ms === -1 ? Infinity : ms)));
}

function topicPlan({ topics }: Config): TopicPlan {
  const named = (...names: readonly string[]) => names.map((name) => `${topics.prefix}${name}`);
  return {
    inputTopics: named(topics.identities, topics.assignments, topics.entitlements, topics.requests, topics.decisions),
    outputTopics: named(topics.predictions, topics.recommendations, topics.flags, topics.actions),
    logTopics: named(topics.audit, topics.rejects),
    progressTopic: `${topics.prefix}${topics.progress}`,
  };
}

function say(session: Session, created: readonly string[], report: TopicReport): void {
  for (const topic of created) session.say(`created ${topic}`);
  for (const { topic, partitions, cleanupPolicy } of report.facts.values()) {
    session.say(`${topic}: ${partitions} partitions, ${cleanupPolicy}`);
  }
  for (const warning of report.warnings) session.say(`Warning: ${warning}`);
  const { problems, warnings } = report;
  session.answer({ created, topics: [...report.facts.values()], problems, warnings });
  if (problems.length === 0) return;
  throw new AppError(
    "transport",
    problems.join("\n"),
    "`corollary topics --create` makes missing topics; kafka-configs.sh changes others",
  );
}
