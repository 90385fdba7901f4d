/** Starts and ends state-child.mjs. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("state-child.mjs", import.meta.url));

export class StateProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** `limit`: a shell command that runs first, such as `ulimit -f 100`. */
  constructor(mode: "hold" | "commit", folder: string, limit = "true") {
    const command = `${limit}; exec "$0" "$@"`;
    this.#child = spawn("sh", ["-c", command, process.execPath, CHILD, mode, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** null: the process has ended and all was read. */
  async nextLine(): Promise<string | null> {
    const { value, done } = await this.#lines.next();
    return done === true ? null : value;
  }

  async lastLine(): Promise<string> {
    let last = "";
    for (let line = await this.nextLine(); line !== null; line = await this.nextLine()) last = line;
    return last;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}
