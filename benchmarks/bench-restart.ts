/**
 * `npm run bench:restart -- --people 10000`: from the start of the process until the worker serves from the state on disk,
 * and until it has looked at every pair; after a clean end and after a kill. The contract is verified afterwards.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runChild } from "./child.ts";
import { OUT_FOLDER } from "./company-files.ts";
import { printReport, reportOf, rounded, say } from "./report.ts";
import type { Restart, RestartRun } from "./restart-run.ts";

const { values } = parseArgs({
  options: {
    people: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    events: { type: "string", default: "1000" },
    contract: { type: "string", default: "full" },
    "heap-megabytes": { type: "string", default: "4096" },
  },
});
const [people, seed, events] = [Number(values.people), Number(values.seed), Number(values.events)];
const contract = values.contract !== "none";
const heapMegabytes = Number(values["heap-megabytes"]);
const folder = join(OUT_FOLDER, `state-restart-${people}-${seed}`);
rmSync(folder, { recursive: true, force: true });

say(`state of ${people} people`);
const { result: made } = runChild<object>(
  "child-restart",
  ["make", JSON.stringify({ folder, people, seed, events })],
  heapMegabytes,
);
say("start after a clean end");
const afterCleanEnd = start("kill");
say("start after a kill");
const afterKill = start("close");
rmSync(folder, { recursive: true, force: true });

const faults = [...afterCleanEnd.faults, ...afterKill.faults];
if (afterCleanEnd.deltas > 0) faults.push(`the start after a clean end told ${afterCleanEnd.deltas} deltas anew`);
const options = { people, seed, events, contract };
printReport(reportOf("restart", options, { made, afterCleanEnd, afterKill, faults }));
process.exitCode = faults.length === 0 ? 0 : 1;

function start(end: "close" | "kill"): Omit<RestartRun, "servesAtMs" | "quietAtMs"> {
  const task: Restart = { folder, people, seed, events, contract, end };
  const { result, startedAtMs } = runChild<RestartRun>("child-restart", ["start", JSON.stringify(task)], heapMegabytes);
  const { servesAtMs, quietAtMs, ...run } = result;
  const since = (ms: number): number => rounded((ms - startedAtMs) / 1000);
  return {
    ...run,
    serves: { ...run.serves, seconds: since(servesAtMs) },
    quiet: { ...run.quiet, seconds: since(quietAtMs) },
  };
}
