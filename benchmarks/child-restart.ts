/** The processes that `bench:restart` times: what to do (`make` or `start`), and its options as JSON. */
import { writeSync } from "node:fs";
import { makeState, type Restart, restart } from "./restart-run.ts";

const STDOUT = 1;
const [task = "", json = ""] = process.argv.slice(2);
const options = JSON.parse(json) as Restart;
writeSync(STDOUT, JSON.stringify(await (task === "make" ? makeState(options) : restart(options))));
if (task === "start" && options.end === "kill") process.kill(process.pid, "SIGKILL");
