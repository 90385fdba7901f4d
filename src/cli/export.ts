/** `export`: the view as files. */
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { openSession } from "./session.ts";
import { readStoredEngine, startStoredEngine } from "./stored-engine.ts";
import type { Terminal } from "./terminal.ts";
import { type FileFormat, writeFiles } from "./view-files.ts";
import { rowFiles } from "./view-rows.ts";

interface Options {
  readonly out: string;
  readonly published?: boolean;
  readonly format: FileFormat;
}

export function addExport(program: Command, terminal: Terminal): void {
  program
    .command("export")
    .description("write the exact view at the current tables, sorted, one file a list")
    .requiredOption("--out <dir>", "folder for the files")
    .option("--published", "what consumers were told instead")
    .addOption(new Option("--format <format>", "of the files").choices(["ndjson", "csv"]).default("ndjson"))
    .action(async ({ out, published = false, format }: Options, command: Command) => {
      const session = openSession(command, terminal);
      const { engine } = await (published ? readStoredEngine : startStoredEngine)(session.config);
      const view = published ? engine.publishedView() : engine.exactView();
      const folder = resolve(terminal.cwd, out);
      const rows = writeFiles(folder, rowFiles(view, published), format);
      for (const [name, count] of Object.entries(rows)) session.say(`${name}: ${count} rows`);
      session.answer({ folder, rows });
    });
}
