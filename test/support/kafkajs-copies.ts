/** The kafkajs in use and a copy without our patches, to show that a trap bites without them. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type kafkajs from "kafkajs";
import { applyPatch } from "../../scripts/apply-patches.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const installedKafkajs: string = join(root, "node_modules/kafkajs");

export function kafkajsPatch(): string {
  return readFileSync(join(root, "patches/kafkajs-2.2.4.patch"), "utf8");
}

export interface KafkajsCopy {
  load(): typeof kafkajs;
  /** A folder that resolves `kafkajs` to this copy. */
  readonly folder: string;
  dispose(): void;
}

/** A copy with the patches taken back. */
export function pristineKafkajs(): KafkajsCopy {
  const folder = mkdtempSync(join(tmpdir(), "corollary-kafkajs-"));
  const copy = join(folder, "node_modules/kafkajs");
  cpSync(installedKafkajs, copy, { recursive: true });
  applyPatch(copy, kafkajsPatch(), { reverse: true });
  const require = createRequire(join(folder, "any.js"));
  return { load: () => require("kafkajs"), folder, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}
