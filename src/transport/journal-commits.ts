/**
 * A commit log of the journal: each line says how far every file of a group is committed. A group of files is written
 * first and made durable; its line in the log, durable in its turn, is the moment of commit.
 *
 *  1. Only the last whole line counts. A torn tail (a commit that was never answered) is dropped. Before its owner relies
 *     on the last line it is synced: the process that wrote it may have died before it could.
 *  2. Its length is bounded: past `2 × linesKept` lines the file is replaced by its newest `linesKept`.
 */
import { AppError } from "../errors.ts";
import { type FileMode, type JournalFault, JournalFile, replaceFile } from "./journal-file.ts";
import { encodeLine, type JournalEnd, type JournalEnds, LineReader, NEWLINE } from "./journal-line.ts";

export interface Commit {
  /** Running number of the commit. */
  readonly offset: number;
  readonly key: string;
  readonly value: Uint8Array;
  readonly ends: JournalEnds;
}

function parseCommit(line: Buffer): Commit {
  const { offset, key, value } = new LineReader().read("", 0, line, 0, line.length - 1);
  const { ends } = JSON.parse(line.toString()) as { ends: Record<string, [number, number]> };
  const entries = Object.entries(ends).map(([name, [next, bytes]]): [string, JournalEnd] => [
    name,
    { offset: next, bytes },
  ]);
  if (key === null || value === null) throw new SyntaxError("a commit has a key and a value");
  return { offset, key: Buffer.from(key).toString(), value, ends: new Map(entries) };
}

export interface CommitLogOptions {
  readonly folder: string;
  readonly mode: FileMode;
  /** Commits that are remembered at least. */
  readonly linesKept: number;
  /** Receives what had to be repaired. */
  readonly notes: string[];
  readonly fault: JournalFault | undefined;
}

export class CommitLog {
  readonly #options: CommitLogOptions;
  #file: JournalFile;
  #last: Commit | null = null;
  #lineCount = 0;
  /** Bytes of the whole lines. */
  #length = 0;

  private constructor(options: CommitLogOptions, file: JournalFile) {
    this.#options = options;
    this.#file = file;
  }

  static async open(name: string, options: CommitLogOptions): Promise<CommitLog> {
    const { folder, mode, fault } = options;
    const log = new CommitLog(options, await JournalFile.open(folder, name, mode, fault));
    try {
      await log.#load();
      if (mode === "write") await log.#settle();
    } catch (error) {
      await log.close();
      throw error;
    }
    return log;
  }

  async #settle(): Promise<void> {
    const torn = this.#file.length - this.#length;
    if (torn > 0) {
      await this.#file.truncate(this.#length);
      this.#options.notes.push(`${this.#file.name}: dropped ${torn} bytes of a commit that never ended`);
    }
    await this.#file.sync();
  }

  /** The newest commit, or null when there never was one. */
  get last(): Commit | null {
    return this.#last;
  }

  /** Every commit that is remembered, oldest first. */
  async commits(): Promise<readonly Commit[]> {
    return (await this.#readLines()).map((line) => this.#parse(line));
  }

  /** For a reader beside the owner: sees what was committed since. */
  async refresh(): Promise<void> {
    await this.#reopen("read");
    await this.#load();
  }

  async append(timestampMs: number, key: string, value: Uint8Array, ends: JournalEnds): Promise<void> {
    const commit: Commit = { offset: (this.#last?.offset ?? -1) + 1, key, value, ends };
    const line = encodeLine(commit.offset, timestampMs, { key, value, headers: {} }, ends);
    await this.#file.write(line, this.#length);
    await this.#file.sync();
    this.#last = commit;
    this.#length += line.length;
    this.#lineCount++;
    if (this.#lineCount > 2 * this.#options.linesKept) await this.#compact();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #load(): Promise<void> {
    const lines = await this.#readLines();
    const newest = lines.at(-1);
    if (newest !== undefined) {
      try {
        this.#last = parseCommit(newest);
      } catch {
        // Its sync was under way when the power went: parts of it never reached the disk.
        lines.pop();
        const before = lines.at(-1);
        this.#last = before === undefined ? null : this.#parse(before);
      }
    }
    this.#lineCount = lines.length;
    this.#length = lines.reduce((sum, line) => sum + line.length, 0);
  }

  /** The whole lines of the file, newline included. */
  async #readLines(): Promise<Buffer[]> {
    const bytes = await this.#file.readAll();
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      lines.push(bytes.subarray(start, end + 1));
      start = end + 1;
    }
    return lines;
  }

  #parse(line: Buffer): Commit {
    try {
      return parseCommit(line);
    } catch (cause) {
      const message = `${this.#file.name} of the journal is damaged`;
      throw new AppError("transport", message, "Restore the data folder from a backup.", cause);
    }
  }

  async #compact(): Promise<void> {
    const { folder, linesKept, fault } = this.#options;
    const kept = (await this.#readLines()).slice(-linesKept);
    const bytes = Buffer.concat(kept);
    await replaceFile(folder, this.#file.name, bytes, fault);
    await this.#reopen("write");
    this.#lineCount = kept.length;
    this.#length = bytes.length;
  }

  async #reopen(mode: FileMode): Promise<void> {
    const { folder, fault } = this.#options;
    const file = await JournalFile.open(folder, this.#file.name, mode, fault);
    await this.#file.close();
    this.#file = file;
  }
}
