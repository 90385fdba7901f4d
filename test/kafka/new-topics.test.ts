import type { Admin } from "kafkajs";
import { expect, test } from "vitest";
import { createTopics } from "../../src/transport/kafka/topics.ts";

const PLAN = { inputTopics: ["in"], outputTopics: ["out"], logTopics: ["rejects"], progressTopic: "progress" };
const SIZES = { inputPartitions: 2, outputPartitions: 2, replicationFactor: 1 };

test.each(["UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE"])(
  "waits while the broker that is asked answers %s",
  async (type) => {
    const brokers = new SlowBrokers(2, type);
    expect(await createTopics(brokers.admin, PLAN, SIZES)).toEqual(["in", "out", "rejects", "progress"]);
    expect(brokers.refusals).toBe(0);
  },
);

test("does not wait for what another refusal says", async () => {
  const brokers = new SlowBrokers(2, "TOPIC_AUTHORIZATION_FAILED");
  await expect(createTopics(brokers.admin, PLAN, SIZES)).rejects.toThrow("not now");
  expect(brokers.refusals).toBe(1);
});

/** Brokers that refuse to describe new topics a few times. */
class SlowBrokers {
  readonly admin: Admin;
  refusals: number;
  readonly #type: string;
  #configs = new Map<string, { configName: string; configValue: string }[]>();

  constructor(refusals: number, type: string) {
    this.refusals = refusals;
    this.#type = type;
    const admin: Partial<Admin> = {
      listTopics: () => Promise.resolve([...this.#configs.keys()]),
      createTopics: ({ topics, waitForLeaders = true }) => {
        for (const { topic, configEntries = [] } of topics) {
          this.#configs.set(
            topic,
            configEntries.map(({ name, value }) => ({ configName: name, configValue: value })),
          );
        }
        // As kafkajs does: its own wait ends at the first refusal.
        return waitForLeaders && this.refusals > 0 ? Promise.reject(this.#refusal()) : Promise.resolve(true);
      },
      fetchTopicMetadata: ({ topics } = { topics: [] }) =>
        Promise.resolve({ topics: topics.map((name) => ({ name, partitions: [partition(0)] })) }),
      describeConfigs: ({ resources }) => {
        if (this.refusals-- > 0) return Promise.reject(this.#refusal());
        this.refusals = 0;
        const described = resources.map(({ name }) => ({ resourceName: name, configEntries: this.#configs.get(name) }));
        return Promise.resolve({ resources: described, throttleTime: 0 } as never);
      },
    };
    this.admin = admin as Admin;
  }

  #refusal(): Error {
    return Object.assign(new Error("not now"), { type: this.#type });
  }
}

function partition(partitionId: number) {
  return { partitionId, partitionErrorCode: 0, leader: 0, replicas: [0], isr: [0] };
}
