/** Runs the batch job in other programs: `peers/batch_*.py`, in a Python environment of their own. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { AnswerDigest } from "./digest.ts";
import { say } from "./report.ts";

const VENV = join("benchmarks", ".venv");
const PYTHON = join(VENV, "bin", "python");
const PROGRAMS = join("benchmarks", "peers");

export interface PeerRun {
  readonly peer: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly answer: AnswerDigest;
}

export const hasPeers = (): boolean => existsSync(PYTHON);

/** Makes the Python environment of the peers, once. */
export function preparePeers(): void {
  if (hasPeers()) return;
  say(`making ${VENV}`);
  execFileSync("python3", ["-m", "venv", VENV], { stdio: "inherit" });
  const requirements = join(PROGRAMS, "requirements.txt");
  execFileSync(PYTHON, ["-m", "pip", "install", "--quiet", "--requirement", requirements], { stdio: "inherit" });
}

/** `peer`: polars, duckdb or oracle. `folder`: the three CSV files. */
export function runPeer(peer: string, folder: string): PeerRun {
  const output = execFileSync(PYTHON, [join(PROGRAMS, `batch_${peer}.py`), folder], {
    encoding: "utf8",
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
  });
  return JSON.parse(output) as PeerRun;
}

/** The runs of all peers; throws when two answers differ. */
export function runPeers(peers: readonly string[], folder: string): PeerRun[] {
  const runs: PeerRun[] = [];
  for (const peer of peers) {
    say(`${peer} on ${folder}`);
    const run = runPeer(peer, folder);
    const [first = run] = runs;
    if (JSON.stringify(run.answer) !== JSON.stringify(first.answer)) {
      throw new Error(`${run.peer} and ${first.peer} differ: ${JSON.stringify([run.answer, first.answer])}`);
    }
    runs.push(run);
  }
  return runs;
}
