/** What every command starts from: the global options, made into configuration, log and ways to answer. */
import { type Command, Option } from "commander";
import type { Config } from "../config/keys.ts";
import { loadConfig } from "../config.ts";
import { type Log, openLog } from "../log.ts";
import type { Terminal } from "./terminal.ts";

export interface Session {
  readonly config: Config;
  readonly log: Log;
  readonly json: boolean;
  readonly terminal: Terminal;
  /** One line of text on standard output; not with --json. */
  say(line: string): void;
  /** The answer as JSON on standard output; only with --json. */
  answer(data: unknown): void;
}

interface GlobalOptions {
  readonly config?: string;
  readonly data?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
  readonly debug?: boolean;
}

export function addGlobalOptions(program: Command): void {
  program
    .option("--config <file>", "configuration, YAML (or COROLLARY_CONFIG)")
    .option("--data <dir>", "state folder (default: .corollary)")
    .addOption(
      new Option("--set <key=value>", "one setting, over file and environment; repeatable").argParser(
        (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
      ),
    )
    .option("--json", "answer in JSON")
    .option("--debug", "show where an error comes from");
}

/** `defaults` are settings of the command itself, below everything that the user says. */
export function openSession(
  command: Command,
  terminal: Terminal,
  defaults: Readonly<Record<string, unknown>> = {},
): Session {
  const options = command.optsWithGlobals<GlobalOptions>();
  const config = loadConfig({
    defaults,
    file: options.config ?? terminal.env["COROLLARY_CONFIG"] ?? null,
    env: terminal.env,
    sets: [...(options.set ?? []), ...(options.data === undefined ? [] : [`data=${options.data}`])],
    cwd: terminal.cwd,
  });
  const json = options.json ?? false;
  return {
    config,
    log: openLog(config.log.level),
    json,
    terminal,
    say: (line) => void (json || terminal.stdout.write(`${line}\n`)),
    answer: (data) => void (json && terminal.stdout.write(`${JSON.stringify(data)}\n`)),
  };
}
