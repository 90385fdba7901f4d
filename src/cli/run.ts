/** `run`: the worker until SIGTERM. */
import type { Command } from "commander";
import { isAbort } from "../worker/grace.ts";
import { openWorker } from "../worker/open-worker.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly acceptConfigChange?: boolean;
}

export function addRun(program: Command, terminal: Terminal): void {
  program
    .command("run")
    .description("run the worker on the configured transport until Ctrl-C or SIGTERM")
    .option(
      "--accept-config-change",
      "settings that change results may differ from before: rebuild, publish the difference",
    )
    .action(async (options: Options, command: Command) => {
      const { config, log } = openSession(command, terminal);
      const acceptConfigChange = options.acceptConfigChange ?? false;
      const { signal } = terminal;
      const worker = await openWorker({ config, log, acceptConfigChange, ownThread: true, signal }).catch(
        (error: unknown) => {
          if (isAbort(error)) return null;
          throw error;
        },
      );
      try {
        if (worker !== null)
          log.info({ engine: config.engine, data: config.data, transport: config.transport }, "running");
        await worker?.run(signal);
      } finally {
        await worker?.close();
      }
      log.info("ended");
    });
}
