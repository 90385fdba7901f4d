/**
 * What consumers of the embedded journal were told, read from its files alone: `<topic>-<partition>.ndjson`, up to the
 * ends that the last whole line of `progress-0.ndjson` commits. Shares no code with the program.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Line {
  readonly offset: number;
  readonly key: string;
  readonly headers: { readonly cor: string };
  readonly value: Value | null;
}

interface Value {
  readonly user: string;
  readonly entitlement: string;
  readonly flags: readonly object[];
  readonly [field: string]: unknown;
}

interface Commit {
  readonly ends: Readonly<Record<string, readonly [offset: number, bytes: number]>>;
  readonly value: { readonly epoch: number; readonly step: number; readonly records: number };
}

/** The records of one step, over all topics. */
interface Written {
  readonly epoch: number;
  readonly seqs: Set<number>;
}

export interface Told {
  /** The last published step; 0: none yet. */
  readonly step: number;
  readonly records: number;
  /** The last value of each key, without removed ones, by topic. */
  readonly summed: ReadonlyMap<string, ReadonlyMap<string, Value>>;
  /** Gaps and repeats in offsets and in the header `cor` (engine.epoch.step.seq). */
  readonly problems: readonly string[];
}

export function readTold(journal: string): Told {
  const progress = join(journal, "progress-0.ndjson");
  const commits = existsSync(progress) ? wholeLines<Commit>(readFileSync(progress)) : [];
  const problems: string[] = [];
  const steps = new Map<number, Written>();
  const summed = new Map<string, Map<string, Value>>();
  let records = 0;
  for (const [file, [end, bytes]] of Object.entries(commits.at(-1)?.ends ?? {})) {
    const lines = wholeLines<Line>(readFileSync(join(journal, file)).subarray(0, bytes));
    if (lines.length !== end) problems.push(`${file} has ${lines.length} lines, ${end} are committed`);
    problems.push(...orderProblems(file, lines, steps));
    const topic = file.slice(0, file.lastIndexOf("-"));
    const values = summed.get(topic) ?? new Map<string, Value>();
    summed.set(topic, values);
    for (const { key, value } of lines) {
      if (value === null) values.delete(key);
      else values.set(key, value);
    }
    records += lines.length;
  }
  problems.push(...stepProblems(commits, steps));
  return { step: commits.at(-1)?.value.step ?? 0, records, summed, problems };
}

/** As rows of `export --published`, in its order. */
export function toldRows({ summed }: Told): Record<string, unknown[]> {
  const rowsOf = (topic: string, rows: (value: Value) => object[]) =>
    [...(summed.get(topic) ?? [])].sort(byPair).flatMap(([, value]) => rows(value));
  const scoreRow = ({ user, entitlement, rule, freqUnion, freq, confidence, band, reason = null }: Value) => [
    { user, entitlement, rule, freqUnion, freq, confidence, band, reason },
  ];
  return {
    predictions: rowsOf("predictions", scoreRow),
    recommendations: rowsOf("recommendations", scoreRow),
    flags: rowsOf("flags", ({ user, entitlement, flags }) => flags.map((flag) => ({ user, entitlement, ...flag }))),
  };
}

/** All names of the demo are ASCII, where `<` is the order of code points. */
function byPair([, a]: [string, Value], [, b]: [string, Value]): number {
  if (a.user !== b.user) return a.user < b.user ? -1 : 1;
  return a.entitlement < b.entitlement ? -1 : 1;
}

/** Within a file; adds to `steps` what it holds of each. */
function orderProblems(file: string, lines: readonly Line[], steps: Map<number, Written>): string[] {
  const problems: string[] = [];
  let before: readonly number[] = [0, 0, 0];
  lines.forEach(({ offset, headers }, i) => {
    const place = headers.cor.split(".").slice(-3).map(Number);
    const [epoch = 0, step = 0, seq = 0] = place;
    if (offset !== i) problems.push(`${file}: line ${i} has offset ${offset}`);
    if (!precedes(before, place)) problems.push(`${file}: ${headers.cor} follows ${before.join(".")}`);
    before = place;
    const written = steps.get(step) ?? { epoch, seqs: new Set() };
    if (written.epoch !== epoch) problems.push(`step ${step} is of epochs ${written.epoch} and ${epoch}`);
    if (written.seqs.has(seq)) problems.push(`step ${step} has record ${seq} twice`);
    written.seqs.add(seq);
    steps.set(step, written);
  });
  return problems;
}

/** Against the progress records, one a step. */
function stepProblems(commits: readonly Commit[], steps: ReadonlyMap<number, Written>): string[] {
  const problems: string[] = [];
  let epochBefore = 0;
  commits.forEach(({ value: { epoch, step, records } }, i) => {
    if (step !== i + 1) problems.push(`progress record ${i} is of step ${step}`);
    if (epoch < epochBefore) problems.push(`step ${step} goes back to epoch ${epoch}`);
    epochBefore = epoch;
    const written = steps.get(step) ?? { epoch, seqs: new Set() };
    if (written.epoch !== epoch) problems.push(`step ${step} is of epoch ${epoch}, its records of ${written.epoch}`);
    const inOrder = Array.from({ length: records }, (_, seq) => seq);
    if (written.seqs.size !== records || !inOrder.every((seq) => written.seqs.has(seq))) {
      problems.push(`step ${step} has ${written.seqs.size} records with gaps, not ${records}`);
    }
  });
  for (const step of steps.keys())
    if (step > commits.length) problems.push(`step ${step} is not in the progress topic`);
  return problems;
}

/** What stands behind the last newline was never committed. */
function wholeLines<Content>(bytes: Buffer): Content[] {
  const lines = bytes.toString().split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Content);
}

function precedes(a: readonly number[], b: readonly number[]): boolean {
  const first = a.findIndex((number, i) => number !== b[i]);
  return first >= 0 && (a[first] ?? 0) < (b[first] ?? 0);
}
