/** The thread that reads a file of assignments for `csv-files.ts`. */
/* oxlint-disable unicorn/require-post-message-target-origin -- that is for windows */
import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { failureOf } from "../errors.ts";
import { buffersIn } from "../worker/buffers.ts";
import { type AssignmentFile, blocksOf, type ThreadAnswer } from "./csv-files.ts";

/** Some 30 MB of a file. */
const BLOCKS_AHEAD_MAX = 32;

const port = parentPort!;
let room = BLOCKS_AHEAD_MAX;
port.on("message", () => {
  room++;
});

try {
  for await (const block of blocksOf(workerData as AssignmentFile)) {
    if (room === 0) await once(port, "message");
    room--;
    answer({ block }, buffersIn(block));
  }
  answer("end");
} catch (error) {
  answer({ failure: failureOf(error) });
} finally {
  port.close();
}

function answer(message: ThreadAnswer, transferred: ArrayBuffer[] = []): void {
  port.postMessage(message, transferred);
}
