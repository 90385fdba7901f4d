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
import { type PeerRun, preparePeers, runPeers } from "./peer-runs.ts";
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

interface Round {
  readonly ours: { readonly seconds: number; readonly cpuSeconds: number } & Omit<BatchRun, "endedAtMs">;
  readonly peers: readonly PeerRun[];
}

/** One after the other: a machine that becomes slower or faster by the minute does so for all of a round. */
function playRound(): Round {
  say(`corollary on ${folder}`);
  rmSync(stateFolder, { recursive: true, force: true });
  const { result, startedAtMs } = runChild<BatchRun>("child-batch", [folder, stateFolder, `${people}`, `${seed}`]);
  const { endedAtMs, ...run } = result;
  const seconds = rounded((endedAtMs - startedAtMs) / 1000);
  const ours = { seconds, cpuSeconds: run.phases.scored.cpuSeconds, ...run };
  return { ours, peers: runPeers(values.peers.split(","), folder) };
}

const rounds = Array.from({ length: repeats }, playRound);
rmSync(stateFolder, { recursive: true, force: true });

const answers = rounds.flatMap(({ ours, peers }) => [ours, ...peers].map(({ answer }) => answer));
const faults = answers.some((answer) => JSON.stringify(answer) !== JSON.stringify(answers[0]))
  ? [`answers differ: ${JSON.stringify(answers)}`]
  : [];
/** The ratio to the best peer of the same round; of all rounds that in the middle. */
const ratio = (pick: "seconds" | "cpuSeconds"): number => {
  const ratios = rounds.map(({ ours, peers }) => Math.min(...peers.map((peer) => peer[pick])) / ours[pick]);
  return rounded(ratios.toSorted((a, b) => a - b)[Math.floor((ratios.length - 1) / 2)]!);
};
const withoutAnswer = (run: object): object => ({ ...run, answer: undefined });
const figures = {
  rounds: rounds.map(({ ours, peers }) => ({ corollary: withoutAnswer(ours), peers: peers.map(withoutAnswer) })),
  answer: answers[0],
  fasterThanBestPeer: ratio("seconds"),
  fasterThanBestPeerByCpu: ratio("cpuSeconds"),
  faults,
};
printReport(reportOf("batch", { people, seed, repeats }, figures));
process.exitCode = faults.length === 0 ? 0 : 1;
