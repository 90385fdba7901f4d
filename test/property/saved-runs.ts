/** Runs that once failed, made small, and a few made by hand; they are played before all others. */
import { readdirSync, readFileSync } from "node:fs";
import type { Run } from "../support/random-run.ts";

const FOLDER = new URL("saved/", import.meta.url);

export function savedRuns(): (readonly [name: string, run: Run])[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
  return files.map((file) => [file.slice(0, -5), JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Run]);
}
