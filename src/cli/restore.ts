/** `restore`: a backup becomes the state; the next start brings it up to date from the topics (C6). */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Config } from "../config/keys.ts";
import { AppError } from "../errors.ts";
import { restoreState } from "../state/replace.ts";
import type { StoredHead } from "../state/store.ts";
import { copyJournal } from "../transport/journal-copy.ts";
import { systemNow } from "../worker/clock.ts";
import { forgetEvidence } from "../worker/evidence-file.ts";
import { journalFolder } from "../worker/open-transport.ts";
import { journalCopyOf } from "./backup.ts";
import { fileTime } from "./file-time.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly force?: boolean;
}

const HELP = `
No process may hold the state. What stood there is renamed, never deleted. The topics stay as they are; where the embedded
journal itself is gone, the copy beside FILE takes its place. The next start replays the inputs since the backup and takes
what was published from the topics: nothing is published twice.

Exit codes: 0 restored, 2 a state stands there and --force was not given, 5 FILE is damaged or of another engine,
6 a process holds the state, 7 there is no journal, nor a copy of one.`;

export function addRestore(program: Command, terminal: Terminal): void {
  program
    .command("restore")
    .description("put a backup in the place of the state; the next start goes on from it")
    .argument("<file>")
    .option("--force", "set the state that stands there aside")
    .addHelpText("after", HELP)
    .action(async (file: string, { force = false }: Options, command: Command) => {
      const session = openSession(command, terminal);
      const { config } = session;
      const backup = resolve(terminal.cwd, file);
      const journalLost = config.transport === "journal" && !existsSync(journalFolder(config));
      if (journalLost && !existsSync(journalCopyOf(backup))) throw noJournal(config, backup);
      const { head, aside } = await restoreState(config.data, backup, {
        force,
        suffix: `before-restore-${fileTime(systemNow())}`,
        check: (found) => checkEngine(found, config, backup),
        prepare: async () => {
          if (journalLost) await copyJournal(journalCopyOf(backup), journalFolder(config));
          await forgetEvidence(config.data);
        },
      });
      session.say(`the state is that of step ${head.step} now`);
      if (aside !== null) session.say(`the one before is ${aside}`);
      if (journalLost) session.say(`the journal is that of ${journalCopyOf(backup)}`);
      session.say("The next start brings it up to date; `corollary doctor` says how far that is.");
      session.answer({ step: head.step, aside, journalRestored: journalLost });
    });
}

function checkEngine({ engine }: StoredHead, config: Config, backup: string): void {
  if (engine === config.engine) return;
  throw new AppError(
    "state",
    `${backup} is of engine ${engine}, not of ${config.engine}`,
    "Set `engine` to that name, or name another backup.",
  );
}

function noJournal(config: Config, backup: string): AppError {
  return new AppError(
    "transport",
    `there is no journal in ${config.data}, and no ${journalCopyOf(backup)}`,
    "A state needs its topics. Bring the folder `journal` back, or name a backup that has a copy of it.",
  );
}
