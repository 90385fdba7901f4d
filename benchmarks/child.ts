/** Measurements that need a process of their own: its start, its memory, its processor time. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const OUTPUT_BYTES_MAX = 64 << 20;

export interface ChildRun<T> {
  /** The JSON document that it printed. */
  readonly result: T;
  /** Just before the process began, ms since 1970. */
  readonly startedAtMs: number;
}

/** Runs `<name>.js` of this folder (`npm run bench:build` makes it). Throws when it fails, unless it killed itself. */
export function runChild<T>(name: string, args: readonly string[], heapMegabytes: number = 4096): ChildRun<T> {
  const program = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  const startedAtMs = Date.now();
  const run = spawnSync(process.execPath, [`--max-old-space-size=${heapMegabytes}`, program, ...args], {
    encoding: "utf8",
    maxBuffer: OUTPUT_BYTES_MAX,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (run.status !== 0 && run.signal !== "SIGKILL") throw new Error(`${name} ended with ${run.status ?? run.signal}`);
  return { result: JSON.parse(run.stdout) as T, startedAtMs };
}
