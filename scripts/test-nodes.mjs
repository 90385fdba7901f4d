/**
 * `npm run test:nodes`: the tests on the newer Node versions that we support, brought by the npm package `node`.
 * Arguments pass through to vitest.
 */
import { spawnSync } from "node:child_process";
import { ensureBuilt, ensureInstalled, ROOT } from "./prepared.mjs";

const VERSIONS = ["22.23.3", "24.21.0"];

ensureInstalled();
ensureBuilt();
const failed = VERSIONS.filter((version) => {
  console.log(`\nNode ${version}`);
  const vitest = ["node", "node_modules/vitest/vitest.mjs", "run", ...process.argv.slice(2)];
  const npmExec = ["exec", "--yes", "--allow-scripts=node", `--package=node@${version}`, "--", ...vitest];
  return spawnSync("npm", npmExec, { cwd: ROOT, stdio: "inherit" }).status !== 0;
});
console.log(
  failed.length === 0 ? `\npassed on Node ${VERSIONS.join(" and ")}` : `\nfailed on Node ${failed.join(" and ")}`,
);
process.exit(failed.length === 0 ? 0 : 1);
