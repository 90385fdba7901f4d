/** The folder of package.json, whether the sources run as they are or compiled into a folder below it. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function rootAbove(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error("no package.json above the tests");
  return rootAbove(above);
}

export const PROJECT_ROOT: string = rootAbove(dirname(fileURLToPath(import.meta.url)));
