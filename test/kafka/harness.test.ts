import kafkajs from "kafkajs";
import { expect, test } from "vitest";
import { makeTopics } from "../../src/transport/kafka/topics.ts";
import { describeKafka } from "../support/kafka-broker.ts";

for (const version of ["4.1.0", "3.9.1"] as const) {
  describeKafka(`a broker of version ${version}`, { own: true, version }, (broker) => {
    test("is read by Kafka's own console consumer, keeps its log over a kill, and can be paused", async () => {
      const kafka = new kafkajs.Kafka({ brokers: [...broker().brokers], logLevel: kafkajs.logLevel.NOTHING });
      const admin = kafka.admin();
      await admin.connect();
      await makeTopics(admin, [{ topic: "t", numPartitions: 2 }]);
      await admin.disconnect();
      const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
      await producer.connect();
      await producer.send({
        topic: "t",
        messages: [{ partition: 1, key: "k:1", value: "v\n1", headers: { a: "1:2", b: "é" } }],
      });
      await producer.send({ topic: "t", messages: [{ partition: 1, key: null, value: null }] });
      await producer.disconnect();
      const expected = [
        { partition: 1, offset: 0, headers: { a: "1:2", b: "é" }, key: "k:1", value: "v\n1" },
        { partition: 1, offset: 1, headers: {}, key: null, value: null },
      ];
      expect(await broker().consoleConsumer("t", { atLeast: 2 })).toEqual(expected);
      await broker().kill();
      await broker().restart();
      broker().pause();
      broker().resume();
      expect(await broker().consoleConsumer("t", { atLeast: 2 })).toEqual(expected);
    }, 60_000);
  });
}
