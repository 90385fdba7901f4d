/** `reset`: forgets everything that the state folder holds. Says what that is, and does it only with --yes. */
import { type Dirent, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { Config } from "../config/keys.ts";
import { LOCK_FILE, lockFolder, OWNER_FILE } from "../state/lock.ts";
import { STATE_SIDE_FILES } from "../state/replace.ts";
import { STATE_FILE } from "../state/sqlite-store.ts";
import { EVIDENCE_FILE } from "../worker/evidence-file.ts";
import { inboxFolder } from "../worker/inbox.ts";
import { journalFolder } from "../worker/open-transport.ts";
import { DEMO_FILE } from "./demo-progress.ts";
import { LAST_BACKUP_FILE } from "./last-backup.ts";
import { openSession, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly yes?: boolean;
}

/** Paths relative to the state folder, in the order in which they go. */
interface Plan {
  readonly removed: readonly string[];
  readonly kept: readonly string[];
  /** What lies outside of the folder and stays as it is. */
  readonly untouched: readonly string[];
}

const HELP = `
Without --yes nothing is changed. On Kafka no topic is touched: as long as they are there, the next start is a rebuild from
them. To begin anew on Kafka, also delete the topics that this command names, or set another topics.prefix and engine.

Exit codes: 0 said, or done, 6 a process holds the state.`;

export function addReset(program: Command, terminal: Terminal): void {
  program
    .command("reset")
    .description("forget the state, and on the embedded journal the topics too; a dry run without --yes")
    .option("--yes", "do it")
    .addHelpText("after", HELP)
    .action(async ({ yes = false }: Options, command: Command) => {
      const session = openSession(command, terminal);
      const plan = planOf(session.config);
      if (yes && plan.removed.length > 0) await carryOut(session.config, plan);
      sayPlan(session, plan, yes);
      session.answer({ done: yes, folder: session.config.data, ...plan });
    });
}

function planOf(config: Config): Plan {
  const entries = entriesOf(config.data);
  const own = [STATE_FILE, ...STATE_SIDE_FILES, `${STATE_FILE}.partial`, EVIDENCE_FILE, DEMO_FILE, LAST_BACKUP_FILE];
  const folders = [inboxFolder(config.data), ...(config.transport === "journal" ? [journalFolder(config)] : [])];
  const wanted = [...own, ...folders.map((folder) => folder.slice(config.data.length + 1))];
  const present = new Set(entries.map(({ name }) => name));
  return {
    removed: wanted.filter((name) => present.has(name)),
    kept: [...present].filter((name) => !wanted.includes(name) && name !== LOCK_FILE && name !== OWNER_FILE).sort(),
    untouched: config.transport === "kafka" ? topicsOf(config) : [],
  };
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function topicsOf({ topics }: Config): string[] {
  const { prefix, identities, assignments, entitlements, requests, decisions } = topics;
  const { predictions, recommendations, flags, actions, audit, rejects, progress } = topics;
  const inputs = [identities, assignments, entitlements, requests, decisions];
  const outputs = [predictions, recommendations, flags, actions, audit, rejects, progress];
  return [...inputs, ...outputs].map((name) => `${prefix}${name}`);
}

/** The state goes first: topics without a state are what a start can deal with. */
async function carryOut(config: Config, plan: Plan): Promise<void> {
  const lock = await lockFolder(config.data);
  try {
    for (const name of plan.removed) rmSync(join(config.data, name), { recursive: true, force: true });
  } finally {
    await lock.release();
  }
}

function sayPlan(session: Session, { removed, kept, untouched }: Plan, done: boolean): void {
  const { data, engine } = session.config;
  if (removed.length === 0) session.say(`there is nothing to remove in ${data}`);
  for (const name of removed) session.say(`${done ? "removed     " : "would remove"}  ${described(join(data, name))}`);
  for (const name of kept) session.say(`leaves        ${join(data, name)}`);
  if (untouched.length > 0) {
    session.say(`leaves        the topics ${untouched.join(", ")}, and the consumer group ${engine}`);
    session.say("As long as these topics are there, the next start is a rebuild from them.");
  }
  if (!done && removed.length > 0) session.say("Nothing was changed; --yes does it.");
}

function described(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return path;
  return found.isDirectory() ? `${path} with all that is in it` : `${path} (${found.size} bytes)`;
}
