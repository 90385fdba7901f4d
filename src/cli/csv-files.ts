/** CSV files from the disk. A large file of assignments is read by a thread of its own, ahead of those who take it. */
/* oxlint-disable unicorn/require-post-message-target-origin -- that is for windows */
import { on } from "node:events";
import { createReadStream, existsSync, statSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { AppError, errorOf, type Failure } from "../errors.ts";
import {
  type AssignmentColumns,
  type AssignmentCsvBlock,
  assignmentBlocks,
} from "../events/formats/csv-assignments.ts";

const BYTES_AT_ONCE = 256 * 1024;
/** Of what goes from thread to thread a block is worth its message. */
const ASSIGNMENT_BYTES_AT_ONCE = 1024 * 1024;
/** A smaller file is read before a thread has begun. */
const THREAD_BYTES_MIN = 8 * 1024 * 1024;
/** From source there is none that Node could load. */
const THREAD = new URL("./csv-thread-main.js", import.meta.url);

export interface AssignmentFile {
  readonly path: string;
  /** Named in every error. */
  readonly file: string;
  readonly delimiter: string;
  readonly columns: AssignmentColumns;
}

/** What the thread says: a block, what went wrong, or that this was all. For each block it may read one more. */
export type ThreadAnswer = { readonly block: AssignmentCsvBlock } | { readonly failure: Failure } | "end";

/** Rejects with AppError("input") for a file that cannot be read. */
export async function* fileBytes(path: string, bytesAtOnce: number = BYTES_AT_ONCE): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: bytesAtOnce })) yield chunk as Uint8Array;
  } catch (error) {
    throw new AppError("input", `cannot read ${path}: ${(error as Error).message}`, "nothing was imported", error);
  }
}

/** As `assignmentBlocks`; a thread begins to read at once. */
export function assignmentsOf(request: AssignmentFile, thread: URL = THREAD): AsyncGenerator<AssignmentCsvBlock> {
  const size = statSync(request.path, { throwIfNoEntry: false })?.size ?? 0;
  return size >= THREAD_BYTES_MIN && existsSync(thread) ? blocksOfThread(request, thread) : blocksOf(request);
}

/** In this thread. */
export function blocksOf({ path, file, delimiter, columns }: AssignmentFile): AsyncGenerator<AssignmentCsvBlock> {
  return assignmentBlocks({ file, bytes: fileBytes(path, ASSIGNMENT_BYTES_AT_ONCE), delimiter }, columns);
}

function blocksOfThread(request: AssignmentFile, file: URL): AsyncGenerator<AssignmentCsvBlock> {
  const thread = new Worker(file, { workerData: request });
  thread.unref(); // until somebody waits for it
  const answers = on(thread, "message", { close: ["exit"] });
  return blocksFrom(thread, answers as unknown as AsyncIterable<[ThreadAnswer]>);
}

async function* blocksFrom(thread: Worker, answers: AsyncIterable<[ThreadAnswer]>): AsyncGenerator<AssignmentCsvBlock> {
  thread.ref();
  try {
    for await (const [answer] of answers) {
      if (answer === "end") return;
      if ("failure" in answer) throw errorOf(answer.failure);
      thread.postMessage("more");
      yield answer.block;
    }
    throw new AppError("internal", "the thread that reads a file has ended");
  } finally {
    await thread.terminate();
  }
}
