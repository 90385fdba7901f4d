/** A journal in a temporary folder, and the ways in which its process may end. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Journal, type JournalOptions } from "../../src/transport/journal.ts";
import type { JournalFault } from "../../src/transport/journal-file.ts";
import { SimulatedCrash } from "./memory-transport.ts";

export class JournalFolder {
  readonly root: string = mkdtempSync(join(tmpdir(), "corollary-journal-"));
  readonly #opened: Journal[] = [];

  get folder(): string {
    return join(this.root, "journal");
  }

  /** A journal with topics `in` (2 partitions), `second` (1), `out` (3), `other` (1), not open yet. */
  journal(options: Partial<JournalOptions> = {}): Journal {
    const journal = new Journal({
      folder: this.folder,
      engine: "engine",
      inputTopics: { in: 2, second: 1 },
      outputTopics: { out: 3, other: 1 },
      progressTopic: "progress",
      recordBytesMax: 1_000_000,
      ...options,
    });
    this.#opened.push(journal);
    return journal;
  }

  read(name: string): Buffer {
    return readFileSync(join(this.folder, name));
  }

  write(name: string, bytes: string | Uint8Array): void {
    writeFileSync(join(this.folder, name), bytes);
  }

  remove(name: string): void {
    rmSync(join(this.folder, name));
  }

  /** Every file's content by name. */
  contents(): Map<string, string> {
    return new Map(
      readdirSync(this.folder)
        .sort()
        .map((name) => [name, this.read(name).toString("latin1")]),
    );
  }

  /** Makes the folder hold these files and no others. */
  restore(contents: ReadonlyMap<string, string>): void {
    for (const name of readdirSync(this.folder)) this.remove(name);
    for (const [name, content] of contents) this.write(name, Buffer.from(content, "latin1"));
  }

  async closeAll(): Promise<void> {
    for (const journal of this.#opened.splice(0)) await journal.close();
  }

  async dispose(): Promise<void> {
    await this.closeAll();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A fault that ends the process at the first point that fits, and lets it do nothing afterwards. */
export function crashAt(fits: (point: string, count: number) => boolean): JournalFault {
  let count = 0;
  let crashed = false;
  return (point) => {
    crashed ||= fits(point, count++);
    if (crashed) throw new SimulatedCrash(point);
  };
}

/** Keeps what a power cut would leave: only what was synced, under names whose folder was synced. */
export class DurableImage {
  readonly #folder: JournalFolder;
  #durable = new Map<string, string>();
  readonly #synced = new Map<string, string>();

  readonly #lost: string | null;

  /** `lost` (`sync <file>` or `sync folder`) never reaches the disk: what a journal would leave that forgot it. */
  constructor(folder: JournalFolder, lost: string | null = null) {
    this.#folder = folder;
    this.#lost = lost;
  }

  get contents(): ReadonlyMap<string, string> {
    return this.#durable;
  }

  readonly watch = (point: string): void => {
    const [, stage, effect, name] = /^(\w+) (\w+) (.+)$/.exec(point)!;
    if (stage !== "after" || `${effect} ${name}` === this.#lost) return;
    if (point === "after sync folder") this.#syncNames();
    else if (effect === "sync") this.#sync(name!);
    else if (effect === "rename") this.#synced.set(name!, this.#synced.get(`${name}.new`)!);
  };

  #sync(name: string): void {
    const content = this.#folder.read(name).toString("latin1");
    this.#synced.set(name, content);
    if (this.#durable.has(name)) this.#durable.set(name, content);
  }

  #syncNames(): void {
    const names = [...this.#folder.contents().keys()];
    this.#durable = new Map(names.map((name) => [name, this.#synced.get(name) ?? this.#durable.get(name) ?? ""]));
  }
}
