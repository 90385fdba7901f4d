/** What a journal folder holds: `journal.json` names the engine and the partitions of every topic it was ever opened with. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { AppError } from "../errors.ts";
import { type FileMode, type JournalFault, replaceFile } from "./journal-file.ts";

export const LAYOUT_NAME = "journal.json";
const FORMAT = 1;
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,200}$/;

export interface JournalLayout {
  readonly engine: string;
  /** Partitions by topic. */
  readonly inputs: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, number>>;
  readonly progress: string;
}

interface StoredLayout extends JournalLayout {
  readonly format: number;
}

function checkNames(layout: JournalLayout): void {
  const names = [...Object.keys(layout.inputs), ...Object.keys(layout.outputs), layout.progress];
  const wrong = names.find((name) => !TOPIC_NAME.test(name) || name === "." || name === "..");
  if (wrong !== undefined) {
    throw new AppError(
      "config",
      `topic name ${JSON.stringify(wrong)}: letters, digits, ".", "_" and "-" are allowed, at most 200`,
    );
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new AppError("config", `topic ${twice} is used twice; input, output and progress topics must differ`);
}

function checkSame(stored: StoredLayout, wanted: JournalLayout, folder: string): void {
  if (stored.format !== FORMAT) {
    throw new AppError(
      "transport",
      `the journal in ${folder} has format ${stored.format}; this version reads format ${FORMAT}`,
      "Use the version that wrote it, or a newer one.",
    );
  }
  if (stored.engine !== wanted.engine) {
    throw new AppError(
      "transport",
      `the journal in ${folder} belongs to engine ${stored.engine}, not to ${wanted.engine}`,
      "Set the engine's name back, or use another data folder.",
    );
  }
  if (stored.progress !== wanted.progress) {
    throw new AppError(
      "transport",
      `the journal in ${folder} keeps its progress in topic ${stored.progress}, not in ${wanted.progress}`,
      "Set the name of the progress topic back.",
    );
  }
  for (const side of ["inputs", "outputs"] as const) {
    for (const [topic, partitions] of Object.entries(wanted[side])) {
      const before = Object.hasOwn(stored[side], topic) ? stored[side][topic] : undefined;
      if (before === undefined || before === partitions) continue;
      throw new AppError(
        "transport",
        `topic ${topic} has ${before} partitions in the journal, but ${partitions} in the configuration`,
        "Set the number back; keys would move to other partitions and lose their order.",
      );
    }
  }
}

async function readLayout(folder: string): Promise<StoredLayout | null> {
  const path = join(folder, LAYOUT_NAME);
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(await readFile(path, "utf8")) as StoredLayout;
  } catch (cause) {
    throw new AppError("transport", `${path} cannot be read`, "Restore the data folder from a backup.", cause);
  }
}

/** Without `journal.json` only what an interrupted first start leaves may be there: empty files. */
async function checkEmpty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith(".ndjson") || (await stat(join(folder, name))).size === 0) continue;
    throw new AppError(
      "transport",
      `${folder} holds ${name} but no ${LAYOUT_NAME}`,
      "Restore the data folder from a backup.",
    );
  }
}

function refuseMissing(folder: string, names: readonly string[]): void {
  const missing = names.find((name) => !existsSync(join(folder, name)));
  if (missing === undefined) return;
  throw new AppError(
    "transport",
    `the journal in ${folder} has lost ${missing}`,
    "Restore the data folder from a backup.",
  );
}

export interface CheckedLayout extends JournalLayout {
  /** `journal.json` does not say this yet. */
  readonly isNew: boolean;
}

/** Refuses a folder that was written for something else, or that lost one of `logNames`; changes nothing but makes the folder. */
export async function checkLayout(
  folder: string,
  wanted: JournalLayout,
  logNames: readonly string[],
  mode: FileMode,
): Promise<CheckedLayout> {
  const stored = await readLayout(folder);
  if (stored !== null) {
    checkSame(stored, wanted, folder);
    refuseMissing(folder, logNames);
  }
  const layout: JournalLayout = {
    engine: wanted.engine,
    inputs: { ...stored?.inputs, ...wanted.inputs },
    outputs: { ...stored?.outputs, ...wanted.outputs },
    progress: wanted.progress,
  };
  checkNames(layout);
  const isNew = !isDeepStrictEqual(stored, { format: FORMAT, ...layout });
  if (mode === "read" && isNew) {
    const missing = stored === null ? "journal" : "journal with all the configured topics";
    throw new AppError(
      "transport",
      `there is no ${missing} in ${folder}`,
      "Start the worker once, or import something; it makes them.",
    );
  }
  if (stored === null) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await checkEmpty(folder);
  }
  return { ...layout, isNew };
}

/** Called when all files are there: from now on a missing one is a loss. */
export async function storeLayout(folder: string, layout: JournalLayout, fault?: JournalFault): Promise<void> {
  const { engine, inputs, outputs, progress } = layout;
  const text = JSON.stringify({ format: FORMAT, engine, inputs, outputs, progress }, null, 2);
  await replaceFile(folder, LAYOUT_NAME, Buffer.from(`${text}\n`), fault);
}
