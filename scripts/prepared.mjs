/**
 * Brings a clone into a state in which it can run: what the lock file names is installed, what the sources say is built.
 * Plain Node without dependencies, because it runs before there are any. Says nothing when there is nothing to do.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const NODE_MIN = [20, 19];
const STAMP = join(ROOT, "dist", ".built");

/** Ends the process with a clear message where the machine cannot run the project. */
export function ensureNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  fail(`Corollary needs Node ${NODE_MIN.join(".")} or newer; this is ${process.versions.node}.`);
}

/** `npm ci` applies the patches of installed packages; here they may have changed since. */
export function ensureInstalled() {
  if (isInstalled()) {
    run(process.execPath, [join(ROOT, "scripts", "apply-patches.mjs")], "Patching failed.");
    return;
  }
  console.error("Installing dependencies (once; sqlite3 may be compiled, which takes about a minute) …");
  run("npm", ["ci", "--no-audit", "--no-fund"], "Installing failed; see the messages above.");
}

export function ensureBuilt() {
  const stamp = sourceStamp();
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === stamp) return;
  build(stamp);
}

export function build(stamp = sourceStamp()) {
  rmSync(join(ROOT, "dist"), { recursive: true, force: true });
  run(
    process.execPath,
    [join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.build.json"],
    "Building failed.",
  );
  writeFileSync(STAMP, stamp);
}

/** Every package that the lock file names for this platform stands in node_modules in that version. */
function isInstalled() {
  const wanted = packagesOf(join(ROOT, "package-lock.json"));
  const present = packagesOf(join(ROOT, "node_modules", ".package-lock.json"));
  if (!present) return false;
  if (!wanted) fail("package-lock.json is missing or broken; check out a clean copy.");
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === "" || optional || present[path]?.version === version,
  );
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, "utf8")).packages;
  } catch {
    return null;
  }
}

function sourceStamp() {
  const hash = createHash("sha256");
  for (const name of ["package.json", "tsconfig.json", "tsconfig.build.json"])
    hash.update(readFileSync(join(ROOT, name)));
  const files = readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

function run(command, args, problem) {
  const { status } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status !== 0) fail(problem);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
