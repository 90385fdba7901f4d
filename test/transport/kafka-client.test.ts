/** What an operator is told of a broker that is away, or that refuses. */
import { createRequire } from "node:module";
import { Writable } from "node:stream";
import { pino } from "pino";
import { expect, test } from "vitest";
import { DEFAULTS } from "../../src/config.ts";
import { createKafka } from "../../src/transport/kafka/client.ts";
import { transportError } from "../../src/transport/kafka/kafka-errors.ts";
import { kafkaConfig } from "../support/kafka-fixture.ts";
import { freePort } from "../support/kafka-probe.ts";

const { errorCodes } = createRequire(import.meta.url)("kafkajs/src/protocol/error.js") as {
  readonly errorCodes: readonly { readonly type: string }[];
};

test("a broker that is away is one warning, however often it is tried", async () => {
  const lines: { level: string; msg: string }[] = [];
  const sink = new Writable({
    write: (line, _encoding, done) => {
      lines.push(JSON.parse(String(line)));
      done();
    },
  });
  const log = pino({ level: "debug", formatters: { level: (level) => ({ level }) } }, sink);
  const admin = createKafka(kafkaConfig([`127.0.0.1:${await freePort()}`]), log).admin();
  void admin.connect().catch(() => {});
  while (lines.length < 12) await new Promise((resolve) => setTimeout(resolve, 50));
  await admin.disconnect();
  expect(lines.filter(({ level }) => level !== "debug")).toMatchObject([
    { level: "warn", msg: expect.stringContaining("ECONNREFUSED") as string },
  ]);
});

test("hints name only settings that exist", () => {
  const hints = errorCodes.map(
    ({ type }) => transportError("publishing", Object.assign(new Error(type), { type })).hint,
  );
  const named = hints.flatMap((hint) => [...(hint ?? "").matchAll(/kafka\.(\w+)/g)].map(([, key]) => key));
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((key) => !Object.hasOwn(DEFAULTS["kafka"] as object, key ?? ""))).toEqual([]);
});
