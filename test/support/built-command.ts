/** The built command inside this process: the same program and the same answers, without the start of a process. */
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { PROJECT_ROOT } from "./project-root.ts";

export interface Answered {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
}

const PROGRAM = pathToFileURL(join(PROJECT_ROOT, "dist", "cli", "program.js")).href;
const { runCli } = (await import(PROGRAM)) as typeof import("../../src/cli/program.ts");

export async function runBuilt(
  args: readonly string[],
  { cwd, env = {}, stdin = "" }: Surroundings,
): Promise<Answered> {
  const [stdout, stderr] = [new Kept(), new Kept()];
  const code = await runCli(args, {
    stdin: Readable.from([Buffer.from(stdin)], { objectMode: false }),
    stdout,
    stderr,
    env,
    cwd,
    signal: new AbortController().signal,
  });
  return { code, out: stdout.text(), err: stderr.text() };
}

/** What a command with --json answers; throws its error output otherwise. */
export function answerOf({ code, out, err }: Answered): unknown {
  if (code !== 0) throw new Error(`exit code ${code}: ${err}`);
  return JSON.parse(out);
}

class Kept extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}
