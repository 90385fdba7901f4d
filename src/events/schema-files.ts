/** Reads the schema table from a folder: `ids.json` maps each id to a file of that folder, for ever. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../errors.ts";
import { SchemaTable } from "./schema-table.ts";

/** The schemas that come with the program. */
export const SCHEMA_FOLDER: string = fileURLToPath(new URL("../../schemas", import.meta.url));

/** Rejects with AppError("config") naming the file that is missing or cannot be used. */
export async function loadSchemaTable(folder: string = SCHEMA_FOLDER): Promise<SchemaTable> {
  const ids = await readJson(join(folder, "ids.json"));
  if (typeof ids !== "object" || ids === null || Array.isArray(ids)) {
    throw new AppError("config", `${join(folder, "ids.json")} is not an object of schema ids and file names`);
  }
  const schemas = new Map<number, unknown>();
  for (const [id, file] of Object.entries(ids)) {
    schemas.set(Number(id), await readJson(join(folder, String(file))));
  }
  return new SchemaTable(schemas);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new AppError("config", `cannot read ${file}: ${(error as Error).message}`, null, error);
  }
}
