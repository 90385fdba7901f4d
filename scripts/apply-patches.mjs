/**
 * Applies the patches of `patches/` to the installed packages. Runs after every install; running it twice is harmless.
 *
 * A file `name-version.patch`, or `name-version.subject.patch`, is a unified diff with paths inside the package. A hunk
 * is found by its text, which must occur exactly once; a package of another version, or a text that is not there, ends
 * with a message and exit code 1.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { argv, exit, stderr } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const HINT = "If an older form of the patch was applied before, `npm ci` installs the package anew.";

/** @returns {{ file: string, hunks: { before: string, after: string }[] }[]} */
export function parsePatch(text) {
  const files = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("--- ")) continue;
    if (line.startsWith("+++ b/")) files.push({ file: line.slice("+++ b/".length), hunks: [] });
    else if (line.startsWith("@@")) files.at(-1).hunks.push({ before: "", after: "" });
    else {
      const hunk = files.at(-1)?.hunks.at(-1);
      if (hunk === undefined) continue;
      const content = `${line.slice(1)}\n`;
      if (line.startsWith(" ") || line.startsWith("-")) hunk.before += content;
      if (line.startsWith(" ") || line.startsWith("+")) hunk.after += content;
    }
  }
  return files;
}

/**
 * Applies (or, reversed, takes back) one patch to the package in `directory`.
 * @returns {number} changed files; 0 when all of it was there already
 */
export function applyPatch(directory, patch, { reverse = false } = {}) {
  let changed = 0;
  for (const { file, hunks } of parsePatch(patch)) {
    const path = join(directory, file);
    const original = readFileSync(path, "utf8");
    let text = original;
    for (const hunk of hunks) {
      const [from, to] = reverse ? [hunk.after, hunk.before] : [hunk.before, hunk.after];
      if (occurrences(text, to) === 1 && (occurrences(text, from) === 0 || to.includes(from))) continue;
      if (occurrences(text, from) !== 1)
        throw new Error(`${path}: the text to be patched is not there:\n${from}${HINT}`);
      text = text.replace(from, () => to);
    }
    if (text === original) continue;
    writeFileSync(path, text);
    changed++;
  }
  return changed;
}

function occurrences(text, part) {
  return text.split(part).length - 1;
}

function applyAll(root) {
  for (const name of readdirSync(join(root, "patches")).filter((file) => file.endsWith(".patch"))) {
    const [, packageName, version] = /^(.+)-(\d+\.\d+\.\d+)(?:\.\w+)?\.patch$/.exec(name) ?? [];
    if (packageName === undefined)
      throw new Error(`patches/${name}: expected a name like package-1.2.3.patch or package-1.2.3.subject.patch`);
    const directory = join(root, "node_modules", packageName);
    const installed = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")).version;
    if (installed !== version) {
      throw new Error(`patches/${name} is for version ${version}, installed is ${installed}: install ${version}`);
    }
    applyPatch(directory, readFileSync(join(root, "patches", name), "utf8"));
  }
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  try {
    applyAll(dirname(dirname(fileURLToPath(import.meta.url))));
  } catch (error) {
    stderr.write(`apply-patches: ${error.message}\n`);
    exit(1);
  }
}
