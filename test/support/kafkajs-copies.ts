/** The kafkajs in use, and copies without our patches: to show that a trap bites without them, and what they gain. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type kafkajs from "kafkajs";
import { PROJECT_ROOT } from "./project-root.ts";

// By its place in the project: benchmarks are compiled into a folder of their own.
const script = pathToFileURL(join(PROJECT_ROOT, "scripts/apply-patches.mjs")).href;
const { applyPatch } = (await import(script)) as typeof import("../../scripts/apply-patches.mjs");

export const installedKafkajs: string = join(PROJECT_ROOT, "node_modules/kafkajs");

/** `corrections`: what kafkajs does wrong. `encoding`: what it does slowly; not a byte on the wire differs. */
export type PatchName = "corrections" | "encoding";

const FILES: Readonly<Record<PatchName, string>> = {
  corrections: "kafkajs-2.2.4.patch",
  encoding: "kafkajs-2.2.4.encoding.patch",
};

export function kafkajsPatch(name: PatchName): string {
  return readFileSync(join(PROJECT_ROOT, "patches", FILES[name]), "utf8");
}

export interface KafkajsCopy {
  load(): typeof kafkajs;
  /** A folder that resolves `kafkajs` to this copy. */
  readonly folder: string;
  dispose(): void;
}

/** A copy with these patches taken back. */
export function kafkajsWithout(...names: readonly PatchName[]): KafkajsCopy {
  const folder = mkdtempSync(join(tmpdir(), "corollary-kafkajs-"));
  const copy = join(folder, "node_modules/kafkajs");
  cpSync(installedKafkajs, copy, { recursive: true });
  for (const name of names) applyPatch(copy, kafkajsPatch(name), { reverse: true });
  const require = createRequire(join(folder, "any.js"));
  return { load: () => require("kafkajs"), folder, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A copy of kafkajs as its authors released it. */
export function pristineKafkajs(): KafkajsCopy {
  return kafkajsWithout("corrections", "encoding");
}
