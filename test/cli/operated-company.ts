/** A small company in a state folder, and what its topics and tables say: what operator commands must not lose. */
import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, vi } from "vitest";
import { CliFolder, type Run, type RunOptions } from "./corollary.ts";

const EXAMPLE = fileURLToPath(new URL("../fixtures/example/", import.meta.url));
// A test runs the command a dozen times, each a process of its own, perhaps on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const FOUNDED = "founded";
const OUTPUTS = ["predictions", "recommendations", "flags", "rejects"];

export class OperatedCompany {
  readonly cli: CliFolder = new CliFolder();
  readonly #settings: readonly string[];
  #founded: Promise<void> | null = null;

  constructor(settings: readonly string[] = []) {
    this.#settings = ["log.level=error", "materiality=0", ...settings].flatMap((setting) => ["--set", setting]);
  }

  run(data: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return this.cli.run([...this.#settings, ...args, "--data", data], options);
  }

  json<T = Record<string, unknown>>(data: string, args: readonly string[], options: RunOptions = {}): Promise<T> {
    return this.cli.json<T>([...this.#settings, ...args, "--data", data], options);
  }

  /** Eleven people, and two records that nobody can read. Made once, then copied. */
  async found(data: string): Promise<void> {
    this.#founded ??= this.#found();
    await this.#founded;
    cpSync(this.path(FOUNDED), this.path(data), { recursive: true });
  }

  async #found(): Promise<void> {
    const files = ["identities", "entitlements", "assignments"];
    await this.json(FOUNDED, ["import", ...files.flatMap((name) => [`--${name}`, join(EXAMPLE, `${name}.csv`)])]);
    await this.apply(FOUNDED, '{"type":"nonsense","user":"x"}', "not json");
  }

  /** Acts while a worker runs, and ends it whatever happens; answers with what the act gave. */
  async besideWorker<T>(data: string, act: (pid: number | undefined) => Promise<T>): Promise<T> {
    let acted: Promise<T> = Promise.reject(new Error("the worker never ran"));
    acted.catch(() => {});
    const args = [...this.#settings, "--set", "log.level=info", "run", "--data", data];
    const { code, err } = await this.cli.spawn(args, {
      when: {
        said: /"running"/,
        act: async (child) => {
          acted = act(child.pid).finally(() => child.kill("SIGTERM"));
          await acted.catch(() => {});
        },
      },
    });
    expect({ code, err }).toMatchObject({ code: 0 });
    return acted;
  }

  apply(data: string, ...lines: readonly string[]): Promise<Record<string, unknown>> {
    return this.json(data, ["apply", "-"], { stdin: lines.map((line) => `${line}\n`).join("") });
  }

  /** Everybody moves to Dublin, one after the other. */
  move(data: string, ...users: readonly string[]): Promise<Record<string, unknown>> {
    const event = (user: string) => ({ type: "identity.changed", user, attributes: { CITY: "Dublin" } });
    return this.apply(data, ...users.map((user) => JSON.stringify(event(user))));
  }

  path(...parts: readonly string[]): string {
    return join(this.cli.path, ...parts);
  }

  file(data: string, name: string): Buffer {
    return readFileSync(this.path(data, name));
  }

  /** Every record that consumers can have read, topic by topic. */
  outputs(data: string): Record<string, string> {
    return Object.fromEntries(OUTPUTS.map((topic) => [topic, String(this.file(data, `journal/${topic}-0.ndjson`))]));
  }

  async exported(data: string): Promise<string> {
    await this.json(data, ["export", "--out", "view"]);
    return readdirSync(this.path("view"))
      .map((name) => readFileSync(this.path("view", name), "utf8"))
      .join("");
  }

  /** Fails where state, tables and topics do not agree. */
  async verify(data: string): Promise<void> {
    const { checks } = await this.json<{ checks: { name: string; differences: string[]; note?: string }[] }>(data, [
      "verify",
      "--topics",
    ]);
    expect(checks).toHaveLength(6);
    for (const { name, differences, note } of checks)
      expect({ name, differences, note }).toEqual({ name, differences: [] });
  }

  /** Digests of all files that hold something: not of the lock, and not of SQLite's shared memory. */
  contents(data: string): Record<string, string> {
    const names = readdirSync(this.path(data), { recursive: true, encoding: "utf8", withFileTypes: true })
      .filter((entry) => entry.isFile() && !/-shm$|-wal$|^lock\.db/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
    const digest = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
    return Object.fromEntries(names.sort().map((path) => [path, digest(path)]));
  }
}
