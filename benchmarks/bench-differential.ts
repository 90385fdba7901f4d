/**
 * `npm run bench:differential -- --people 10000 --events 500`: the whole job on workload W, event by event, in differential
 * dataflow. Needs cargo. Its answer after the last event must be ours.
 */
import { parseArgs } from "node:util";
import { buildDifferential, runDifferential } from "./differential-run.ts";
import { printReport, reportOf } from "./report.ts";

const { values } = parseArgs({
  options: {
    people: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    events: { type: "string", default: "500" },
  },
});
const [people, seed, events] = [Number(values.people), Number(values.seed), Number(values.events)];
buildDifferential();
runDifferential(200, seed, 200);
printReport(reportOf("differential", { people, seed, events }, runDifferential(people, seed, events)));
