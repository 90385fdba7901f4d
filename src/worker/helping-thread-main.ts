/** The thread of `helping-thread.ts`. */
/* oxlint-disable unicorn/require-post-message-target-origin -- that is for windows */
import { parentPort } from "node:worker_threads";
import { plant } from "../core/planted.ts";
import { countRules } from "../core/rule-count.ts";
import { fillRules } from "../core/rule-fill.ts";
import { atOnce } from "../core/slices.ts";
import { buffersIn } from "./buffers.ts";
import type { Task } from "./helping-thread.ts";

const port = parentPort!;
port.on("message", ({ kind, basis }: Task) => {
  const result =
    kind === "plant"
      ? atOnce(plant(basis))
      : kind === "countRules"
        ? atOnce(countRules(basis))
        : atOnce(fillRules(basis));
  port.postMessage(result, buffersIn(result));
});
port.on("messageerror", (error) => {
  throw error;
});
