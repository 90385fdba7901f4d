/** The operator commands on a live broker; test/cli has them on the journal. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { EXIT_CODES } from "../../src/errors.ts";
import { OperatedCompany } from "../cli/operated-company.ts";
import { describeKafka } from "../support/kafka-broker.ts";
import { freshPrefix, testClient } from "../support/kafka-fixture.ts";

describeKafka("operator commands on Kafka", {}, (broker) => {
  let company: OperatedCompany;
  let prefix: string;
  beforeEach(async () => {
    prefix = freshPrefix();
    const kafka = ["transport=kafka", `kafka.brokers=${broker().brokers.join()}`, "kafka.replicationFactor=1"];
    const names = [`engine=${prefix}engine`, `topics.prefix=${prefix}`, "topics.partitions=2"];
    company = new OperatedCompany([...kafka, ...names]);
    await company.json("data", ["topics", "--create"]);
    await company.found("data");
  });
  afterEach(() => company.cli.remove());

  test("state restored (C6), rebuilt (C7), rejects replayed: nothing twice, nothing lost", async () => {
    await company.verify("data");
    const found = await company.json("data", ["doctor"]);
    expect(found).toMatchObject({ problems: 0, positions: { lag: 0 }, progress: { problems: [], warnings: [] } });
    expect(found["topics"]).toMatchObject({ topics: { length: 12 }, warnings: [] });
    expect(found["appends"]).toMatchObject({
      rememberedMs: 7 * 86_400_000,
      problems: [],
      warnings: [expect.stringContaining("appended again: raise offsets.retention.minutes") as string],
    });

    await company.json("data", ["backup", "data.db"]);
    await company.move("data", "karen.11");
    const view = await company.exported("data");
    await company.json("data", ["restore", "data.db", "--force"]);
    expect(await company.json("data", ["doctor", "--quick"])).toMatchObject({ progress: { nextStart: "restore" } });
    expect(await company.json("data", ["reconcile"])).toMatchObject({ deltas: 0, records: 0 });
    expect(await company.exported("data")).toBe(view);
    await company.verify("data");

    const { rejects } = await company.json<{ rejects: { place: string }[] }>("data", ["rejects", "list"]);
    expect(rejects).toHaveLength(2);
    const place = rejects[0]?.place ?? "";
    expect(await company.json("data", ["rejects", "replay", place])).toMatchObject({ records: 1 });
    expect(await company.json("data", ["rejects", "replay", place])).toMatchObject({ records: 0 });
    expect(await company.json("data", ["rejects", "list"])).toMatchObject({ total: 3 });

    const rebuilt = await company.json("data", ["rebuild"]);
    expect(rebuilt).toMatchObject({ inputs: { applied: 28, rejected: 3 }, published: { deltas: 0 } });
    expect(await company.exported("data")).toBe(view);
    await company.verify("data");
  });

  test("C10: doctor shows the hole; without inputs neither a rebuild nor an old backup is accepted", async () => {
    await company.json("data", ["backup", "data.db"]);
    await company.move("data", "karen.11", "fred.6");
    await forgetInputs(`${prefix}hr.identities`);

    const late = await company.run("data", ["doctor", "--quick"]);
    expect(late.code).toBe(EXIT_CODES.differs);
    expect(late.out).toMatch(/backup\n(.*\n)*? {2}PROBLEM: the records \d+ to \d+ of input topic \S+hr\.identities/);
    const rebuild = await company.run("data", ["rebuild"]);
    expect(rebuild).toMatchObject({
      code: EXIT_CODES.state,
      err: expect.stringContaining("no longer there") as string,
    });
    await company.verify("data");

    await company.json("data", ["restore", "data.db", "--force"]);
    const hole = await company.run("data", ["doctor", "--quick"]);
    expect(hole.code).toBe(EXIT_CODES.differs);
    expect(hole.out).toMatch(/hr\.identities\/\d: oldest \d+, next \d+, end \d+, HOLE from \d+ to \d+/);
    expect((await company.run("data", ["reconcile"])).code).toBe(EXIT_CODES.state);

    const reset = await company.json("data", ["reset"]);
    expect(reset).toMatchObject({ done: false, untouched: { length: 12 } });
  });

  async function forgetInputs(topic: string): Promise<void> {
    const admin = testClient(broker()).admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(topic);
    const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
    await admin.deleteTopicRecords({ topic, partitions });
    await admin.disconnect();
  }
});
