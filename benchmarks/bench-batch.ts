/**
 * `npm run bench:batch -- --people 10000`: from CSV files to durable tables and every pair scored, from the start of the
 * process, against Polars and DuckDB on one thread each, in the same run. All answers must be equal.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeCompany } from "../src/demo/company.ts";
import type { BatchRun } from "./batch-run.ts";
import { runChild } from "./child.ts";
import { OUT_FOLDER, writeCompany } from "./company-files.ts";
import { preparePeers, runPeers } from "./peer-runs.ts";
import { printReport, reportOf, rounded, say } from "./report.ts";

const { values } = parseArgs({
  options: {
    people: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    peers: { type: "string", default: "polars,duckdb" },
    repeats: { type: "string", default: "3" },
  },
});
const [people, seed, repeats] = [Number(values.people), Number(values.seed), Number(values.repeats)];
preparePeers();
const folder = writeCompany(makeCompany({ people, seed }));
const stateFolder = join(OUT_FOLDER, `state-batch-${people}-${seed}`);

const ours = Array.from({ length: repeats }, () => {
  say(`corollary on ${folder}`);
  rmSync(stateFolder, { recursive: true, force: true });
  const { result, startedAtMs } = runChild<BatchRun>("child-batch", [folder, stateFolder, `${people}`, `${seed}`]);
  const { endedAtMs, ...run } = result;
  return { seconds: rounded((endedAtMs - startedAtMs) / 1000), cpuSeconds: run.phases.scored.cpuSeconds, ...run };
});
rmSync(stateFolder, { recursive: true, force: true });
const peers = Array.from({ length: repeats }, () => runPeers(values.peers.split(","), folder)).flat();

const faults = [...ours, ...peers].some((run) => JSON.stringify(run.answer) !== JSON.stringify(ours[0]!.answer))
  ? [`answers differ: ${JSON.stringify([...ours, ...peers].map(({ answer }) => answer))}`]
  : [];
const best = (runs: readonly { seconds: number; cpuSeconds: number }[], pick: "seconds" | "cpuSeconds"): number =>
  Math.min(...runs.map((run) => run[pick]));
const figures = {
  corollary: ours.map((run) => ({ ...run, answer: undefined })),
  peers: peers.map((run) => ({ ...run, answer: undefined })),
  answer: ours[0]!.answer,
  fasterThanBestPeer: rounded(best(peers, "seconds") / best(ours, "seconds")),
  fasterThanBestPeerByCpu: rounded(best(peers, "cpuSeconds") / best(ours, "cpuSeconds")),
  faults,
};
printReport(reportOf("batch", { people, seed, repeats }, figures));
process.exitCode = faults.length === 0 ? 0 : 1;
