/** What is said of topics as brokers describe them; test/kafka has the same on a live broker. */
import type { Admin } from "kafkajs";
import { expect, test } from "vitest";
import { reportTopics } from "../../src/transport/kafka/topics.ts";

const PLAN = { inputTopics: ["in"], outputTopics: [], logTopics: [], progressTopic: "progress" };
const KEPT = { "cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1" };

/** A broker that has both topics; the input's settings as given. */
function adminOf(settings: Readonly<Record<string, string>>): Admin {
  const describe = (resourceName: string, values: Readonly<Record<string, string>>) => ({
    resourceName,
    configEntries: Object.entries(values).map(([configName, configValue]) => ({ configName, configValue })),
  });
  return {
    listTopics: async () => ["in", "progress"],
    fetchTopicMetadata: async () => ({ topics: ["in", "progress"].map((name) => ({ name, partitions: [{}] })) }),
    describeConfigs: async () => ({
      resources: [describe("in", { ...KEPT, ...settings }), describe("progress", KEPT)],
    }),
  } as unknown as Admin;
}

test.each([
  [{ "message.timestamp.type": "CreateTime", "message.timestamp.after.max.ms": "9223372036854775807" }, 1],
  [{ "message.timestamp.type": "CreateTime" }, 1],
  [{ "message.timestamp.type": "CreateTime", "message.timestamp.after.max.ms": "3600000" }, 0],
  [{ "message.timestamp.type": "LogAppendTime" }, 0],
])("an input that takes records from the future is warned of: %j", async (settings, count) => {
  const { problems, warnings } = await reportTopics(adminOf(settings), PLAN);
  expect(problems).toEqual([]);
  expect(warnings).toHaveLength(count);
  for (const warning of warnings) expect(warning).toContain("set message.timestamp.after.max.ms=3600000");
});
