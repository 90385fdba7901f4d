/** `reconcile`: publishes all drift that was too small to tell. */
import type { Command } from "commander";
import { openWorker } from "../worker/open-worker.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

export function addReconcile(program: Command, terminal: Terminal): void {
  program
    .command("reconcile")
    .description("publish all immaterial drift; afterwards the published view is the exact one")
    .action(async (_options: object, command: Command) => {
      const session = openSession(command, terminal);
      const { config, log } = session;
      const worker = await openWorker({ config, log });
      try {
        await worker.runUntilQuiet();
        worker.reconcile();
        const summary = await worker.runUntilQuiet();
        session.say(`${summary.deltas} deltas published in ${summary.steps} steps; nothing is pending`);
        session.answer(summary);
      } finally {
        await worker.close();
      }
    });
}
