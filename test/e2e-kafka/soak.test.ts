/** SOAK_MINUTES=30 makes it long; `npm run soak` is the same without the test around it. */
import { expect, test } from "vitest";
import { soak } from "../soak/soak.ts";
import { DEFAULT_VERSION, describeKafka } from "../support/kafka-broker.ts";

const MINUTES = Number(process.env["SOAK_MINUTES"] ?? 2);
const KILLS_MIN = 20;

describeKafka("exactly once under kill -9, pauses and broker restarts", { own: true }, (broker) => {
  test(
    `for ${MINUTES} minutes: nothing lost, nothing repeated, views equal`,
    async () => {
      const options = {
        minutes: MINUTES,
        killsMin: KILLS_MIN,
        seed: 1,
        eventsPerSecond: 100,
        version: DEFAULT_VERSION,
      };
      const { line, problems, counts } = await soak(broker(), options, () => {});
      console.log(line);
      expect(problems).toEqual([]);
      expect(line).toContain("0 lost, 0 repeated, view equal");
      expect(counts.kills).toBeGreaterThanOrEqual(KILLS_MIN);
    },
    MINUTES * 60_000 + 1_200_000,
  );
});
