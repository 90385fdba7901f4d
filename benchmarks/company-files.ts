/** Companies on disk, for peers, and their codes, for digests. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { attributesOf, type Company, profileOf, userOf } from "../src/demo/company.ts";
import { assignmentLines, entitlementLines, identityLines } from "../src/demo/company-csv.ts";
import type { Item } from "../src/events/delta.ts";
import { Codes } from "./digest.ts";

export const OUT_FOLDER: string = join("benchmarks", "out");
/** Generated companies live at one moment, so that their files are the same every time. */
export const COMPANY_MS: number = Date.UTC(2026, 0, 5, 9);
const CHUNK_CHARACTERS = 1 << 20;

/** Writes identities.csv, entitlements.csv and assignments.csv; returns their folder. */
export function writeCompany(company: Company): string {
  const folder = join(OUT_FOLDER, `company-${company.people}-${company.seed}`);
  mkdirSync(folder, { recursive: true });
  writeLines(join(folder, "identities.csv"), identityLines(company));
  writeLines(join(folder, "entitlements.csv"), entitlementLines(company));
  writeLines(join(folder, "assignments.csv"), assignmentLines(company, COMPANY_MS));
  return folder;
}

export function codesOf(company: Company): Codes {
  const items = new Map<string, Item>();
  for (let person = 0; person < company.people; person += 1) {
    for (const [attribute, values] of attributesOf(company, profileOf(company, person))) {
      for (const value of values) items.set(`${attribute} ${value}`, { attribute, value });
    }
  }
  const users = Array.from({ length: company.people }, (_, person) => userOf(person));
  return new Codes(
    users,
    company.entitlements.map(({ entitlement }) => entitlement),
    [...items.values()],
  );
}

export function writeLines(path: string, lines: Iterable<string>): void {
  const file = openSync(path, "w");
  try {
    let chunk = "";
    for (const line of lines) {
      chunk += line;
      if (chunk.length < CHUNK_CHARACTERS) continue;
      writeSync(file, chunk);
      chunk = "";
    }
    writeSync(file, chunk);
  } finally {
    closeSync(file);
  }
}
