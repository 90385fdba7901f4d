/** `backup`: a copy of the state, made while the worker runs. */
import { mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { AppError } from "../errors.ts";
import { backUp } from "../state/backup.ts";
import { copyJournal } from "../transport/journal-copy.ts";
import { systemNow } from "../worker/clock.ts";
import { journalFolder } from "../worker/open-transport.ts";
import { fileTime } from "./file-time.ts";
import { noteBackup } from "./last-backup.ts";
import { openSession, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly stateOnly?: boolean;
}

const HELP = `
TARGET is a file that does not exist yet, or a folder, in which the copy gets a name of its own.
On the embedded journal the topics are copied too, to TARGET.journal: without them a state is worth nothing.

Exit codes: 0 the copy is whole and on the disk, 2 TARGET exists, 5 no state, or a damaged one, 7 no whole journal.`;

/** The copy of the journal that belongs to the copy of a state. */
export function journalCopyOf(backup: string): string {
  return `${backup}.journal`;
}

export function addBackup(program: Command, terminal: Terminal): void {
  program
    .command("backup")
    .description("copy the state, beside a running worker or without one")
    .argument("<target>")
    .option("--state-only", "leave the embedded journal out")
    .addHelpText("after", HELP)
    .action(async (target: string, { stateOnly = false }: Options, command: Command) => {
      const session = openSession(command, terminal);
      const { config } = session;
      const nowMs = systemNow();
      const file = targetFile(session, target, nowMs);
      // The state first: topics that know more than the state are what a start can deal with.
      const { head, bytes } = await backUp(config.data, file);
      if (head === null) throw new AppError("state", `the state in ${config.data} is empty`, "Import something first.");
      const withJournal = config.transport === "journal" && !stateOnly;
      const journal = withJournal ? journalCopyOf(file) : null;
      const journalBytes = journal === null ? 0 : await copyJournal(journalFolder(config), journal);
      const { at } = noteBackup(config.data, file, nowMs, head);
      session.say(`step ${head.step}, ${bytes} bytes: ${file}`);
      if (journal !== null) session.say(`the journal, ${journalBytes} bytes: ${journal}`);
      session.answer({ file, bytes, step: head.step, at, journal, journalBytes });
    });
}

function targetFile({ config, terminal }: Session, target: string, nowMs: number): string {
  const path = resolve(terminal.cwd, target);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? /[\\/]$/.test(target);
  if (!isFolder) return path;
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return join(path, `${config.engine}-${fileTime(nowMs)}.db`);
}
