/** `npm test`: installs and builds what is missing, then runs the tests; arguments pass through to vitest. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, ensureNode, ROOT } from "./prepared.mjs";

ensureNode();
ensureInstalled();
ensureBuilt();
const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
const { status } = spawnSync(process.execPath, [vitest, "run", ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: "inherit",
});
process.exit(status ?? 1);
