#!/usr/bin/env node
/** The process: signals in, exit code out. The only file that ends it. */
import { runCli } from "./cli/program.ts";

/** One Ctrl-C may arrive twice, from the terminal and from npm; a later one means: at once. */
const SAME_SIGNAL_MS = 500;
const INTERRUPTED = 130;

const stop = new AbortController();
let stoppedAt = 0;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (!stop.signal.aborted) stoppedAt = Date.now();
    else if (Date.now() - stoppedAt > SAME_SIGNAL_MS) process.exit(INTERRUPTED);
    stop.abort(signal);
  });
}

// `corollary … | head`: nobody reads on, so there is nothing left to do.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

process.exit(
  await runCli(process.argv.slice(2), {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    signal: stop.signal,
  }),
);
