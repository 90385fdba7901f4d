/** `npm run bench:pipeline -- --transport kafka --people 10000`: workload W through the whole pipeline. See --help. */
import { parseArgs } from "node:util";
import { startJavaBroker } from "../test/support/kafka-java-broker.ts";
import { type RunOptions, runOnJournal, runOnKafka } from "./pipeline-run.ts";
import { printReport, reportOf } from "./report.ts";

const HELP = `npm run bench:pipeline -- [options]

Workload W through the whole pipeline: throughput with a backlog, latency at steady rates, and on Kafka a bare client that
reads and writes the same. One JSON document on standard output, progress on standard error; exit code 1 when a proof fails.

  --transport journal|kafka   journal: the worker in this process; kafka: the built worker as a process (default: journal)
  --people N                  size of the company (10000)
  --seed N                    another company (1)
  --warm-up N                 events before those that are timed (2000)
  --events N                  events of the backlog (10000)
  --rate N,…                  events a second of each latency run (50,250; 0: none)
  --seconds N                 length of each latency run (30)
  --partitions N              of every topic (4)
  --set key=value             of the worker's configuration; repeatable
  --brokers host:port,…       a Kafka that runs; without it one is started from Maven jars (Java 17)
  --kafka 4.1.0|3.9.1         version of the broker that is started (4.1.0)
  --contract full|none        none: the view is not held against a plain count, which takes long from 100,000 people on (full)
  --worker-node="--cpu-prof"  arguments of node for the worker's process (kafka only)
`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    transport: { type: "string", default: "journal" },
    people: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    "warm-up": { type: "string", default: "2000" },
    events: { type: "string", default: "10000" },
    rate: { type: "string", default: "50,250" },
    seconds: { type: "string", default: "30" },
    partitions: { type: "string", default: "4" },
    set: { type: "string", multiple: true, default: [] },
    brokers: { type: "string" },
    kafka: { type: "string", default: "4.1.0" },
    contract: { type: "string", default: "full" },
    "worker-node": { type: "string", default: "" },
  },
});

// An end by signal leaves no worker behind.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const whole = (name: "people" | "seed" | "warm-up" | "events" | "partitions"): number => {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new RangeError(`--${name} is ${values[name]}; allowed: a whole number from 1 on`);
};

const list = (text: string, separator: string): string[] => text.split(separator).filter((part) => part !== "");

async function onKafka(options: RunOptions) {
  const nodeArguments = list(values["worker-node"], " ");
  if (values.brokers !== undefined) return runOnKafka(options, list(values.brokers, ","), nodeArguments);
  const version = values.kafka;
  if (version !== "4.1.0" && version !== "3.9.1") throw new RangeError("--kafka: 4.1.0 or 3.9.1");
  const broker = await startJavaBroker(version, {});
  try {
    return await runOnKafka(options, broker.brokers, nodeArguments);
  } finally {
    await broker.close();
  }
}

if (values.help) {
  process.stdout.write(HELP);
} else {
  const { transport } = values;
  if (transport !== "journal" && transport !== "kafka") throw new RangeError("--transport: journal or kafka");
  const options = {
    people: whole("people"),
    seed: whole("seed"),
    warmUpEvents: whole("warm-up"),
    events: whole("events"),
    rates: list(values.rate, ",")
      .map(Number)
      .filter((rate) => rate > 0),
    rateSeconds: Number(values.seconds),
    partitions: whole("partitions"),
    sets: values.set,
    contract: values.contract !== "none",
  };
  const { figures, faults } = await (transport === "kafka" ? onKafka(options) : runOnJournal(options));
  printReport(reportOf(`pipeline-${transport}`, options, { ...figures, faults }));
  process.exitCode = faults.length === 0 ? 0 : 1;
}
