/**
 * One file of the journal, and the few durable effects on it. Every effect passes here, so that a test can end the
 * process before, in the middle of and after each of them.
 */
import { constants, type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../errors.ts";

/**
 * Called at each effect with `"<before|torn|after> <create|write|truncate|sync|rename> <file>"`; `torn` stands between the
 * two halves of a write. What it throws ends the effect there. Production passes none.
 */
export type JournalFault = (point: string) => void | Promise<void>;

export type FileMode = "read" | "write";

async function attempt<T>(what: string, effect: () => Promise<T>): Promise<T> {
  try {
    return await effect();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError(
      "transport",
      `the journal cannot ${what}: ${reason}`,
      "Check free space, rights and health of the disk, then start again; nothing committed is lost.",
      cause,
    );
  }
}

export class JournalFile {
  readonly name: string;
  readonly #handle: FileHandle;
  readonly #fault: JournalFault | undefined;
  #length: number;

  private constructor(name: string, handle: FileHandle, length: number, fault: JournalFault | undefined) {
    this.name = name;
    this.#handle = handle;
    this.#length = length;
    this.#fault = fault;
  }

  /** Mode `write` creates the file when it is missing; the caller makes its name durable with `syncFolder`. */
  static async open(folder: string, name: string, mode: FileMode, fault?: JournalFault): Promise<JournalFile> {
    const flags = mode === "read" ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT;
    await fault?.(`before create ${name}`);
    const [handle, length] = await attempt(`open ${name}`, async () => {
      const opened = await open(join(folder, name), flags, 0o600);
      return [opened, (await opened.stat()).size] as const;
    });
    try {
      await fault?.(`after create ${name}`);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new JournalFile(name, handle, length, fault);
  }

  /** Bytes in the file, as far as this object wrote or found them. */
  get length(): number {
    return this.#length;
  }

  /** Exactly `length` bytes from `position`, or fewer at the end of the file. */
  async read(position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await attempt(`read ${this.name}`, () =>
        this.#handle.read(bytes, filled, length - filled, position + filled),
      );
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  }

  /** Everything that is in the file now, whoever wrote it. */
  async readAll(): Promise<Buffer> {
    const { size } = await attempt(`read ${this.name}`, () => this.#handle.stat());
    return this.read(0, size);
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    await this.#fault?.(`before write ${this.name}`);
    if (this.#fault !== undefined) {
      const half = bytes.length >> 1;
      await this.#writeFully(bytes.subarray(0, half), position);
      await this.#fault(`torn write ${this.name}`);
      await this.#writeFully(bytes.subarray(half), position + half);
    } else {
      await this.#writeFully(bytes, position);
    }
    await this.#fault?.(`after write ${this.name}`);
  }

  async #writeFully(bytes: Uint8Array, position: number): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await attempt(`write ${this.name}`, () =>
        this.#handle.write(bytes, written, bytes.length - written, position + written),
      );
      written += bytesWritten;
      this.#length = Math.max(this.#length, position + written);
    }
  }

  async truncate(length: number): Promise<void> {
    if (this.#length === length) return;
    await this.#fault?.(`before truncate ${this.name}`);
    await attempt(`truncate ${this.name}`, () => this.#handle.truncate(length));
    this.#length = length;
    await this.#fault?.(`after truncate ${this.name}`);
  }

  async sync(): Promise<void> {
    await this.#fault?.(`before sync ${this.name}`);
    await attempt(`sync ${this.name}`, () => this.#handle.sync());
    await this.#fault?.(`after sync ${this.name}`);
  }

  async close(): Promise<void> {
    await attempt(`close ${this.name}`, () => this.#handle.close());
  }
}

/** Makes created and renamed names durable. */
export async function syncFolder(folder: string, fault?: JournalFault): Promise<void> {
  await fault?.("before sync folder");
  await attempt("sync its folder", async () => {
    for (const path of [folder, dirname(folder)]) {
      const handle = await open(path, constants.O_RDONLY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
  });
  await fault?.("after sync folder");
}

/** Replaces a file as a whole: after a crash it holds either the old bytes or the new ones. */
export async function replaceFile(
  folder: string,
  name: string,
  bytes: Uint8Array,
  fault?: JournalFault,
): Promise<void> {
  const temporary = `${name}.new`;
  await attempt(`remove ${temporary}`, () => rm(join(folder, temporary), { force: true }));
  const file = await JournalFile.open(folder, temporary, "write", fault);
  try {
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await fault?.(`before rename ${name}`);
  await attempt(`rename ${temporary}`, () => rename(join(folder, temporary), join(folder, name)));
  await fault?.(`after rename ${name}`);
  await syncFolder(folder, fault);
}
