/** How far the demo has come, kept in its data folder so that the next start goes on from there. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../errors.ts";

export interface DemoProgress {
  readonly people: number;
  readonly seed: number;
  /** The clock when the company was founded, ms since 1970: its last uses are counted back from here. */
  readonly foundedAtMs: number;
  /** true: the whole founding is in the input log. */
  readonly founded: boolean;
  /** Events of the stream that are in the input log for certain. */
  readonly events: number;
  /** So many that follow were being submitted, and may be there too: the next start submits the same ones once more. */
  readonly submitting: number;
}

export const DEMO_FILE = "demo.json";

/** null: the folder holds no demo yet. */
export function readDemoProgress(folder: string): DemoProgress | null {
  let text: string;
  try {
    text = readFileSync(join(folder, DEMO_FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    return JSON.parse(text) as DemoProgress;
  } catch (cause) {
    throw new AppError(
      "state",
      `${join(folder, DEMO_FILE)} is broken`,
      "remove the demo's folder to begin anew",
      cause,
    );
  }
}

export function writeDemoProgress(folder: string, progress: DemoProgress): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${DEMO_FILE}.tmp`), `${JSON.stringify(progress)}\n`);
  renameSync(join(folder, `${DEMO_FILE}.tmp`), join(folder, DEMO_FILE));
}
