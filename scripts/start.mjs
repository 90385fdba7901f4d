/** `npm start`: installs and builds what is missing, then runs the demo on the embedded journal; arguments pass through. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, ensureNode, ROOT } from "./prepared.mjs";

ensureNode();
ensureInstalled();
ensureBuilt();
const demo = spawn(process.execPath, [join(ROOT, "dist", "main.js"), "demo", ...process.argv.slice(2)], {
  stdio: "inherit",
});
// A terminal sends Ctrl-C to both processes; the demo decides when to end.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => demo.kill("SIGTERM"));
// npm, when it is told to end, ends its shell and not us: then the demo has to be told.
const parent = process.ppid;
setInterval(() => process.ppid === parent || demo.kill("SIGTERM"), 1_000).unref();
demo.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
