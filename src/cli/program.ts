/** argv → command → exit code. Every failure ends here, as one clear message on standard error. */
import { Command, CommanderError } from "commander";
import { AppError, EXIT_CODES } from "../errors.ts";
import { addGlobalOptions } from "./session.ts";
import type { Terminal } from "./terminal.ts";

/** Puts one command into the program. */
type AddCommand = (program: Command, terminal: Terminal) => void;

/** Each is loaded only where it is named, or where all of them are told: a start costs what it uses. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  demo: async () => (await import("./demo.ts")).addDemo,
  import: async () => (await import("./import.ts")).addImport,
  apply: async () => (await import("./apply.ts")).addApply,
  run: async () => (await import("./run.ts")).addRun,
  export: async () => (await import("./export.ts")).addExport,
  explain: async () => (await import("./explain.ts")).addExplain,
  verify: async () => (await import("./verify.ts")).addVerify,
  reconcile: async () => (await import("./reconcile.ts")).addReconcile,
  status: async () => (await import("./status.ts")).addStatus,
  topics: async () => (await import("./topics.ts")).addTopics,
  doctor: async () => (await import("./doctor.ts")).addDoctor,
  rejects: async () => (await import("./rejects.ts")).addRejects,
  backup: async () => (await import("./backup.ts")).addBackup,
  restore: async () => (await import("./restore.ts")).addRestore,
  rebuild: async () => (await import("./rebuild.ts")).addRebuild,
  reset: async () => (await import("./reset.ts")).addReset,
};

export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = newProgram(terminal);
  try {
    for (const add of await commandsFor(args)) add(program, terminal);
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
  return program;
}

/** A value of an option may be named like a command; then one more is loaded. */
function commandsFor(args: readonly string[]): Promise<AddCommand[]> {
  const all = Object.entries(COMMANDS);
  const named = all.filter(([name]) => args.includes(name));
  return Promise.all((named.length > 0 ? named : all).map(([, load]) => load()));
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
