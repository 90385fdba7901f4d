/** What the last backup of a state folder holds, noted in the folder: `doctor` compares it with what the topics still have. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StoredHead } from "../state/store.ts";
import { positionsToJson } from "../worker/positions.ts";

export interface LastBackup {
  readonly file: string;
  /** RFC 3339. */
  readonly at: string;
  readonly step: number;
  readonly positions: Readonly<Record<string, readonly number[]>>;
}

export const LAST_BACKUP_FILE = "last-backup.json";

export function noteBackup(folder: string, file: string, atMs: number, head: StoredHead): LastBackup {
  const positions = positionsToJson(head.positions);
  const backup: LastBackup = { file, at: new Date(atMs).toISOString(), step: head.step, positions };
  const path = join(folder, LAST_BACKUP_FILE);
  writeFileSync(`${path}.tmp`, `${JSON.stringify(backup)}\n`, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
  return backup;
}

/** null: none was made, or the note cannot be read. */
export function lastBackup(folder: string): LastBackup | null {
  try {
    return JSON.parse(readFileSync(join(folder, LAST_BACKUP_FILE), "utf8")) as LastBackup;
  } catch {
    return null;
  }
}
