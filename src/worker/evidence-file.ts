/**
 * Published evidence that has drifted from exact evidence, kept beside the state when the worker ends cleanly. It is only
 * a help: without it (after a kill), or with an old one, the next start tells some pairs anew and stays within the
 * contract, because the engine takes back no evidence that is material by then.
 */
import { createReadStream, existsSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setImmediate as eventLoop } from "node:timers/promises";
import type { EvidenceRow, ImplicationRow, KeptEvidence } from "../core/rows.ts";

export const EVIDENCE_FILE = "evidence.ndjson";
const ROWS_A_WRITE = 10_000;

/** Whose evidence it is. */
export interface Origin {
  readonly engine: string;
  readonly epoch: number;
  readonly step: number;
}

/** One row a line, implications first: they are the rows of two numbers. */
export async function writeEvidence(folder: string, origin: Origin, evidence: KeptEvidence): Promise<void> {
  const target = join(folder, EVIDENCE_FILE);
  const file = await open(`${target}.partial`, "w", 0o600);
  try {
    await file.write(`${JSON.stringify(origin)}\n`);
    let lines: string[] = [];
    for (const row of rowsOf(evidence)) {
      lines.push(JSON.stringify(row));
      if (lines.length < ROWS_A_WRITE) continue;
      await file.write(`${lines.join("\n")}\n`);
      lines = [];
      await eventLoop();
    }
    if (lines.length > 0) await file.write(`${lines.join("\n")}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${target}.partial`, target);
}

/** Empty when there is none, or when it belongs to another state or to a later one than this. */
export async function readEvidence(folder: string, state: Origin): Promise<KeptEvidence> {
  const drifted: EvidenceRow[] = [];
  const implications: ImplicationRow[] = [];
  const source = join(folder, EVIDENCE_FILE);
  if (!existsSync(source)) return { drifted, implications };
  let origin: Origin | null = null;
  for await (const line of createInterface({ input: createReadStream(source), crlfDelay: Infinity })) {
    if (origin === null) {
      origin = JSON.parse(line) as Origin;
      if (origin.engine !== state.engine || origin.epoch > state.epoch || origin.step > state.step) break;
      continue;
    }
    const row = JSON.parse(line) as EvidenceRow | ImplicationRow;
    if (row.length === 2) implications.push(row);
    else drifted.push(row);
  }
  return { drifted, implications };
}

function* rowsOf({ drifted, implications }: KeptEvidence): Generator<EvidenceRow | ImplicationRow> {
  yield* implications;
  yield* drifted;
}

/** To be called when another state takes the place of the one that the evidence is of: its ids mean other things there. */
export async function forgetEvidence(folder: string): Promise<void> {
  await rm(join(folder, EVIDENCE_FILE), { force: true });
}
