/** What every benchmark prints: one JSON document with its options, its figures, and where and on what they were taken. */
import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, totalmem } from "node:os";

export interface Report {
  readonly benchmark: string;
  readonly options: object;
  readonly figures: object;
  readonly revision: string;
  readonly machine: object;
  readonly node: string;
}

export function reportOf(benchmark: string, options: object, figures: object): Report {
  return { benchmark, options, figures, revision: revision(), machine: machine(), node: process.version };
}

export function printReport(report: Report): void {
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
}

/** Tells on standard error what is going on; the figures alone go to standard output. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

export interface Cost {
  /** Wall time; other work on the machine is in it. */
  readonly seconds: number;
  /** Processor time of this process, garbage collection in other threads included. */
  readonly cpuSeconds: number;
}

/** Adds up what several pieces of work cost, and leaves out what lies between them. */
export class Stopwatch {
  #milliseconds = 0;
  #cpuMicroseconds = 0;

  run<T>(work: () => T): T {
    const cpu = process.cpuUsage();
    const startedMs = performance.now();
    const result = work();
    this.#milliseconds += performance.now() - startedMs;
    const { user, system } = process.cpuUsage(cpu);
    this.#cpuMicroseconds += user + system;
    return result;
  }

  get cost(): Cost {
    return { seconds: rounded(this.#milliseconds / 1000), cpuSeconds: rounded(this.#cpuMicroseconds / 1_000_000) };
  }
}

export function timed<T>(work: () => T): { readonly result: T; readonly cost: Cost } {
  const watch = new Stopwatch();
  const result = watch.run(work);
  return { result, cost: watch.cost };
}

/** Of this process, since it began. */
export function processCost(): Cost {
  const { user, system } = process.cpuUsage();
  return { seconds: rounded(performance.now() / 1000), cpuSeconds: rounded((user + system) / 1_000_000) };
}

export const rounded = (value: number): number => Number(value.toPrecision(4));

/** Most memory that this process ever held, in bytes. */
export const peakBytes = (): number => process.resourceUsage().maxRSS * 1024;

const machine = (): object => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  platform: `${process.platform}-${process.arch}`,
});

/** Commit of the working tree, `-dirty` when it differs from it; `unknown` outside a repository. */
function revision(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty", "--abbrev=12"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}
