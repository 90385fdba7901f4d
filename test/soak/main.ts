/** `npm run soak -- --minutes 30`: exit code 0 when nothing was lost, nothing repeated, and all views are equal. */
import { parseArgs } from "node:util";
import { startJavaBroker } from "../support/kafka-java-broker.ts";
import { soak } from "./soak.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    kafka: { type: "string", default: "4.1.0" },
    seed: { type: "string", default: "1" },
    "events-per-second": { type: "string", default: "100" },
    "kills-min": { type: "string", default: "0" },
  },
});
const version = values.kafka;
if (version !== "4.1.0" && version !== "3.9.1") throw new RangeError("--kafka: 4.1.0 or 3.9.1");
const options = {
  version,
  minutes: Number(values.minutes),
  seed: Number(values.seed),
  eventsPerSecond: Number(values["events-per-second"]),
  killsMin: Number(values["kills-min"]),
} as const;

const broker = await startJavaBroker(version, {});
try {
  const { passed, line, problems } = await soak(broker, options, (text) => console.error(text));
  for (const problem of problems) console.error(problem);
  console.log(line);
  process.exitCode = passed ? 0 : 1;
} finally {
  await broker.close();
}
