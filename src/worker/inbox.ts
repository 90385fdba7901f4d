/**
 * The folder through which other processes hand records to the worker that holds the state.
 *  1. A file is complete or absent: written under a temporary name, synced, then renamed.
 *  2. A source is appended to the input log once, however often its file is left or its delivery is interrupted:
 *     the transport remembers sources, and the file goes only after the append is durable.
 *  3. Files are delivered in the order in which they were left.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { AppError, type ErrorCode } from "../errors.ts";
import type { Log } from "../log.ts";
import { packRecords, unpackRecords } from "../transport/frames.ts";
import type { AppendRecord, Transport } from "../transport/transport.ts";

const ENDING = ".records";
/** What is wrong with the file itself: it is damaged, or names a topic that is no input. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(["input", "state", "config"]);
const PLAIN_NAME = /^[\w.-]{1,150}$/;

export function inboxFolder(dataFolder: string): string {
  return join(dataFolder, "inbox");
}

/** Durable when it resolves. `source` names the file or call that the records come from; a few MiB of records at most. */
export async function leaveInInbox(
  folder: string,
  source: string,
  records: readonly AppendRecord[],
  nowMs: number,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const name = `${String(nowMs).padStart(15, "0")}-${nextNumber()}-${sourceId(source)}${ENDING}`;
  const temporary = join(folder, `${name}.tmp`);
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(
      packRecords(records.map((record) => ({ ...record, key: Buffer.from(record.key), partition: 0 }))),
    );
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, name));
  await syncFolder(folder);
}

/**
 * Appends what lies in the inbox to the input log; answers how many files there were. A file that cannot be taken is
 * put aside under the ending `.refused`, and the rest goes on.
 */
export async function deliverInbox(folder: string, transport: Transport, log: Log): Promise<number> {
  const names = (await readdir(folder).catch(absentIsEmpty)).filter((name) => name.endsWith(ENDING)).sort();
  for (const name of names) {
    const path = join(folder, name);
    const source = name.slice(0, -ENDING.length).split("-").slice(2).join("-");
    try {
      await transport.append(source, readRecords(await readFile(path)));
      await unlink(path);
    } catch (error) {
      if (!(error instanceof AppError) || !REFUSALS.has(error.code)) throw error;
      log.error({ file: name, err: error }, "inbox file refused");
      await rename(path, `${path}.refused`);
    }
  }
  return names.length;
}

function readRecords(bytes: Buffer): AppendRecord[] {
  return unpackRecords(bytes).map(({ topic, key, value, headers }) => ({
    topic,
    key: Buffer.from(key ?? []).toString(),
    value: value ?? new Uint8Array(),
    headers,
  }));
}

let left = 0;

/** Orders files that one process leaves within a millisecond. */
function nextNumber(): string {
  left = (left + 1) % 1_000_000;
  return String(left).padStart(6, "0");
}

function sourceId(source: string): string {
  return PLAIN_NAME.test(source) ? source : createHash("sha256").update(source).digest("hex");
}

function absentIsEmpty(error: NodeJS.ErrnoException): string[] {
  if (error.code === "ENOENT") return [];
  throw error;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
