/**
 * A program of Kafka's jars, started as cheaply as can be: most of what a short one costs is to load and compile its
 * classes. The first that ends in order leaves an archive of the classes beside the jars, which the next ones map into
 * memory. An archive that does not fit the machine's Java is ignored by it.
 */
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface JavaProgram {
  /** What to start `java` with; arguments of the program follow. */
  readonly args: readonly string[];
  /** It leaves an archive when it ends in order. */
  readonly archives: boolean;
  /** To be called when it has ended; one that was killed leaves half an archive, which nobody may find. */
  ended(inOrder: boolean): void;
}

/** For programs that end before more would pay. */
export const LEAN: readonly string[] = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

const underWay = new Set<string>();

/** `options`: of this start alone. Nothing of Java's own is logged: it would stand in the middle of the output. */
export function javaProgram(jars: string, mainClass: string, options: readonly string[]): JavaProgram {
  const archive = join(jars, `${mainClass}.jsa`);
  const made = `${archive}.${process.pid}`;
  const archives = !existsSync(archive) && !underWay.has(archive);
  const use = existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : [];
  const make = archives ? [`-XX:ArchiveClassesAtExit=${made}`] : [];
  if (archives) underWay.add(archive);
  return {
    args: [...LEAN, "-Xlog:disable", ...use, ...make, ...options, "-cp", join(jars, "*"), mainClass],
    archives,
    ended: (inOrder) => {
      if (!archives) return;
      underWay.delete(archive);
      if (inOrder && existsSync(made)) renameSync(made, archive);
      rmSync(made, { force: true });
    },
  };
}
