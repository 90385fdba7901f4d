/**
 * A copy of a journal, made beside its owner. The commit logs are copied first: what they commit stands in the other
 * files already, and what those hold beyond it was never committed to the copy, whose owner drops it on opening.
 */
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../errors.ts";
import { syncFolder } from "./journal-file.ts";
import { type JournalLayout, LAYOUT_NAME } from "./journal-layout.ts";
import { fileName } from "./journal-partitions.ts";

/** `target` must not exist; until the copy is whole and durable it is called `target.partial`. Answers with its bytes. */
export async function copyJournal(folder: string, target: string): Promise<number> {
  const partial = `${target}.partial`;
  try {
    const layout = JSON.parse(await readFile(join(folder, LAYOUT_NAME), "utf8")) as JournalLayout;
    const names = inOrder(layout, await readdir(folder));
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true, mode: 0o700 });
    let bytes = 0;
    for (const name of names) bytes += await copyDurably(join(folder, name), join(partial, name));
    await syncFolder(partial);
    await rename(partial, target);
    await syncFolder(dirname(target));
    return bytes;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "a file of it is missing" : (error as Error).message;
    throw new AppError(
      "transport",
      `the journal in ${folder} cannot be copied to ${target}: ${reason}`,
      "Check free space and rights, and that the journal is whole (`corollary doctor`).",
      error,
    );
  }
}

/** Published positions never lie beyond the appended inputs, so the log of what was published goes before that of inputs. */
function inOrder({ inputs, outputs, progress }: JournalLayout, present: readonly string[]): string[] {
  const published = fileName(progress, 0);
  const data = Object.entries({ ...inputs, ...outputs }).flatMap(([topic, partitions]) =>
    Array.from({ length: partitions }, (_, partition) => fileName(topic, partition)),
  );
  const isData = new Set(data);
  const otherLogs = present.filter((name) => name.endsWith(".ndjson") && name !== published && !isData.has(name));
  return [published, ...otherLogs, LAYOUT_NAME, ...data];
}

async function copyDurably(from: string, to: string): Promise<number> {
  await copyFile(from, to);
  const handle = await open(to, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  return (await stat(to)).size;
}
