/** `npm run soak -- --minutes M [--kafka 3.9.1]`: builds, compiles the soak below `.cache`, runs it; arguments pass through. */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, ensureNode, ROOT } from "./prepared.mjs";

ensureNode();
ensureInstalled();
ensureBuilt();
const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", "test/soak/tsconfig.json"], { cwd: ROOT, stdio: "inherit" });
if (status !== 0) process.exit(1);
const main = join(ROOT, ".cache", "soak", "test", "soak", "main.js");
const soak = spawn(process.execPath, [main, ...process.argv.slice(2)], { cwd: ROOT, stdio: "inherit" });
soak.on("exit", (code) => process.exit(code ?? 1));
