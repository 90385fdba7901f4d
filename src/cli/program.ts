/** argv → command → exit code. Every failure ends here, as one clear message on standard error. */
import { Command, CommanderError } from "commander";
import { AppError, EXIT_CODES } from "../errors.ts";
import { addApply } from "./apply.ts";
import { addBackup } from "./backup.ts";
import { addDemo } from "./demo.ts";
import { addDoctor } from "./doctor.ts";
import { addExplain } from "./explain.ts";
import { addExport } from "./export.ts";
import { addImport } from "./import.ts";
import { addRebuild } from "./rebuild.ts";
import { addReconcile } from "./reconcile.ts";
import { addRejects } from "./rejects.ts";
import { addReset } from "./reset.ts";
import { addRestore } from "./restore.ts";
import { addRun } from "./run.ts";
import { addGlobalOptions } from "./session.ts";
import { addStatus } from "./status.ts";
import type { Terminal } from "./terminal.ts";
import { addTopics } from "./topics.ts";
import { addVerify } from "./verify.ts";

/** Puts one command into the program. */
type AddCommand = (program: Command, terminal: Terminal) => void;

const COMMANDS: readonly AddCommand[] = [
  addDemo,
  addImport,
  addApply,
  addRun,
  addExport,
  addExplain,
  addVerify,
  addReconcile,
  addStatus,
  addTopics,
  addDoctor,
  addRejects,
  addBackup,
  addRestore,
  addRebuild,
  addReset,
];

export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = newProgram(terminal);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage;
    const { json = false, debug = false } = program.opts<{ json?: boolean; debug?: boolean }>();
    return report(error, terminal, { json, debug });
  }
}

function newProgram(terminal: Terminal): Command {
  const program = new Command("corollary")
    .description(
      "Access intelligence from a stream of HR and entitlement changes: rules, predictions, recommendations, flags.",
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(--help says more)")
    .helpCommand(false)
    .addHelpText("after", exitCodeText());
  addGlobalOptions(program);
  for (const add of COMMANDS) add(program, terminal);
  return program;
}

function exitCodeText(): string {
  const codes = Object.entries(EXIT_CODES).map(([code, number]) => `${number} ${code}`);
  return `\nExit codes: 0 success, ${codes.join(", ")}`;
}

function report(error: unknown, terminal: Terminal, how: { json: boolean; debug: boolean }): number {
  const failure =
    error instanceof AppError
      ? error
      : new AppError("internal", messageOf(error), "this is a bug; --debug shows where it happened", error);
  if (how.json) {
    const { code, message, hint } = failure;
    terminal.stderr.write(`${JSON.stringify({ error: { code, message, hint } })}\n`);
  } else {
    terminal.stderr.write(`corollary: ${failure.message}\n${failure.hint === null ? "" : `  ${failure.hint}\n`}`);
  }
  if (how.debug) terminal.stderr.write(`${stackOf(failure)}\n`);
  return EXIT_CODES[failure.code];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\nCaused by: ${stackOf(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}
