/**
 * `npm run bench:core -- --people 10000`: the core alone. Batch start, first publishing and workload W, event by event, with
 * the contract verified afterwards. The answer of the batch start is compared with that of a peer.
 */
import { parseArgs } from "node:util";
import { benchCore } from "./core-bench.ts";
import { preparePeers } from "./peer-runs.ts";
import { printReport, reportOf } from "./report.ts";

const { values } = parseArgs({
  options: {
    people: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    attributes: { type: "string", default: "8" },
    "warm-up": { type: "string", default: "10000" },
    events: { type: "string", default: "50000" },
    "lane-events": { type: "string", default: "10000" },
    "look-events": { type: "string", default: "2000" },
    budget: { type: "string", default: "10000" },
    "materiality-hundredths": { type: "string", default: "1" },
    clock: { type: "string", default: "wall" },
    proof: { type: "string", default: "polars" },
    contract: { type: "string", default: "full" },
  },
});
const options = {
  people: Number(values.people),
  seed: Number(values.seed),
  attributes: Number(values.attributes),
  warmUpEvents: Number(values["warm-up"]),
  events: Number(values.events),
  laneEvents: Number(values["lane-events"]),
  lookEvents: Number(values["look-events"]),
  budgetRecords: Number(values.budget),
  materialityHundredths: Number(values["materiality-hundredths"]),
  clock: values.clock === "cpu" ? ("cpu" as const) : ("wall" as const),
  proof: values.proof === "none" ? null : values.proof,
  contract: values.contract !== "none",
};
if (options.proof !== null) preparePeers();
const { assignments, figures, faults } = benchCore(options);
printReport(reportOf("core", { ...options, assignments }, { ...figures, faults }));
process.exitCode = faults.length === 0 ? 0 : 1;
