/** The built command in a folder of its own: the worker as a process that can be killed, the others inside this one. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../../src/errors.ts";
import { openStore } from "../../src/state/sqlite-store.ts";
import type { StoredHead } from "../../src/state/store.ts";
import type { Positions } from "../../src/transport/transport.ts";
import { reached } from "../../src/worker/positions.ts";
import { answerOf, runBuilt } from "../support/built-command.ts";
import { PROJECT_ROOT } from "../support/project-root.ts";

const MAIN = join(PROJECT_ROOT, "dist", "main.js");
const STDERR_KEPT = 20_000;
const REST_MS = 1_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class WorkerProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  end: Ended | null = null;
  /** It has recovered. */
  serves = false;
  #errors = "";

  constructor(args: readonly string[], cwd: string) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env["PATH"] },
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-STDERR_KEPT);
      this.serves ||= this.#errors.includes('"msg":"running"');
    });
    this.ended = new Promise((resolve) =>
      this.child.on("close", (code, signal) => {
        this.end = { code, signal };
        resolve(this.end);
      }),
    );
  }

  /** The last that it said on standard error. */
  get errors(): string {
    return this.#errors;
  }

  get isRunning(): boolean {
    return this.end === null;
  }

  async kill(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

export class EngineFolder {
  readonly path: string;
  /** The state folder that is worked with. */
  data = "state";
  readonly #workers: WorkerProcess[] = [];

  /** `config`: the settings, in YAML or JSON. */
  constructor(config: object) {
    this.path = mkdtempSync(join(tmpdir(), "corollary-engine-"));
    writeFileSync(join(this.path, "config.yaml"), JSON.stringify(config));
  }

  run(data = this.data): WorkerProcess {
    const worker = new WorkerProcess(["run", "--config", "config.yaml", "--data", data], this.path);
    this.#workers.push(worker);
    return worker;
  }

  /** The answer of a command with --json; rejects with its error output otherwise. */
  async command<T = unknown>(args: readonly string[]): Promise<T> {
    const all = [...args, "--json", "--config", "config.yaml", "--data", this.data];
    return answerOf(await runBuilt(all, { cwd: this.path })) as T;
  }

  /** As of the last committed step, also beside a running worker; null before the first one. */
  async head(): Promise<StoredHead | null> {
    const folder = join(this.path, this.data);
    if (!existsSync(folder)) return null;
    const store = await openStore(folder, { readOnly: true }).catch((error: unknown) => {
      // A worker that was killed while it made the state.
      if (error instanceof AppError && error.code === "state") return null;
      throw error;
    });
    if (store === null) return null;
    try {
      return await store.readHead();
    } finally {
      await store.close();
    }
  }

  /**
   * Waits until the worker has read up to `ends`, nothing is pending, and no step came for a while: a restart may find
   * something to tell. Rejects when the worker ends, or after `timeoutMs`.
   */
  async quiet(worker: WorkerProcess, ends: Positions, timeoutMs: number): Promise<StoredHead> {
    const deadline = Date.now() + timeoutMs;
    let last = { step: -1, sinceMs: 0 };
    for (;;) {
      const head = worker.serves ? await this.head() : null;
      if (head !== null && head.step !== last.step) last = { step: head.step, sinceMs: Date.now() };
      const atRest = Date.now() - last.sinceMs >= REST_MS;
      if (head !== null && atRest && head.pending.length === 0 && reached(head.positions, ends)) return head;
      if (!worker.isRunning) throw new Error(`the worker ended with ${JSON.stringify(worker.end)}: ${worker.errors}`);
      if (Date.now() > deadline) throw new Error(`not quiet after ${timeoutMs} ms, step ${head?.step}`);
      await sleep(200);
    }
  }

  /** Rows of an exported file. */
  rows(folder: string, list: string): Record<string, unknown>[] {
    const lines = readFileSync(join(this.path, folder, `${list}.ndjson`), "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async remove(): Promise<void> {
    await Promise.all(this.#workers.filter(({ isRunning }) => isRunning).map((worker) => worker.kill("SIGKILL")));
    rmSync(this.path, { recursive: true, force: true });
  }
}
