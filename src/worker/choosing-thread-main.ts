/** The thread of `choosing-thread.ts`. */
/* oxlint-disable unicorn/require-post-message-target-origin -- that is for windows */
import { parentPort, workerData } from "node:worker_threads";
import { Chooser, type ChoosingBasis, type ChoosingTask } from "../core/choosing.ts";
import { buffersIn } from "./buffers.ts";

const chooser = new Chooser(workerData as ChoosingBasis);
const port = parentPort!;
port.on("message", (task: ChoosingTask) => {
  const choices = chooser.choose(task);
  port.postMessage(choices, buffersIn(choices));
});
