/** `explain`: why a pair has the score it has. */
import type { Command } from "commander";
import { explainPair } from "./explain-pair.ts";
import { openSession } from "./session.ts";
import { startStoredEngine } from "./stored-engine.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly user: string;
  readonly entitlement: string;
}

export function addExplain(program: Command, terminal: Terminal): void {
  program
    .command("explain")
    .description("say which rules apply to a person and an entitlement, which was chosen, and why the others were not")
    .requiredOption("--user <user>", "the person")
    .requiredOption("--entitlement <entitlement>", "the entitlement")
    .action(async ({ user, entitlement }: Options, command: Command) => {
      const session = openSession(command, terminal);
      const { engine, settings } = await startStoredEngine(session.config);
      const tables = engine.tables();
      const sources = { tables, settings, exact: engine.exactView(), published: engine.publishedView() };
      const explained = explainPair(sources, user, entitlement);
      for (const line of explained.words) session.say(line);
      session.answer(explained);
    });
}
