/** Runs the built command as a user would, in a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Answered, answerOf, runBuilt } from "../support/built-command.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

export type Run = Answered;

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ProcessOptions extends RunOptions {
  /** For tests that stop it: called with the process once it has said this; /^/ is at once. */
  readonly when?: { readonly said: RegExp; readonly act: (child: ChildProcess) => unknown };
}

export class CliFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), "corollary-cli-"));

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return runBuilt(args, { cwd: this.path, ...options });
  }

  /** The same as a process of its own. */
  spawn(args: readonly string[], options: ProcessOptions = {}): Promise<Run> {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: this.path,
      env: { PATH: process.env["PATH"], ...options.env },
    });
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin);
    let [out, err] = ["", ""];
    let acted = false;
    const hear = () => {
      if (acted || !options.when?.said.test(out + err)) return;
      acted = true;
      void options.when.act(child);
    };
    hear();
    child.stdout.on("data", (chunk) => {
      out += String(chunk);
      hear();
    });
    child.stderr.on("data", (chunk) => {
      err += String(chunk);
      hear();
    });
    return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
  }

  /** The answer of a command with --json; fails with its error output otherwise. */
  async json<T = Record<string, unknown>>(args: readonly string[], options: RunOptions = {}): Promise<T> {
    return answerOf(await this.run([...args, "--json"], options)) as T;
  }
}
