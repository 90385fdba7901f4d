/**
 * A view as lines that can be compared, from three sources that share no code: the changelog topics as a consumer reads
 * them, the files of `export`, and the oracle.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import avro, { type Type } from "avsc";
import type { View } from "../../src/core/tables.ts";
import type { StreamedRecord } from "../support/console-stream.ts";
import { PROJECT_ROOT } from "../support/project-root.ts";
import type { EngineFolder } from "./engine-folder.ts";

/** `list user entitlement` → what is said of the pair */
export type Listing = ReadonlyMap<string, string>;

const LISTS = ["predictions", "recommendations", "flags"] as const;
type List = (typeof LISTS)[number];

interface PairFields {
  readonly user: string;
  readonly entitlement: string;
  readonly rule?: readonly { readonly attribute: string; readonly value: string }[];
  readonly freqUnion?: number;
  readonly freq?: number;
  readonly confidence?: number;
  readonly band?: string | null;
  readonly reason?: string | null;
  readonly flags?: readonly { readonly flag: string; readonly type?: string | null }[];
}

/** The last record of each key is what holds. */
export class Changelog {
  readonly #values = new Map<string, Buffer>();

  take({ topic, key, value }: StreamedRecord): void {
    const place = `${topic} ${key}`;
    if (value === null) this.#values.delete(place);
    else this.#values.set(place, value);
  }

  listing(): Listing {
    const lines = new Map<string, string>();
    for (const [place, value] of this.#values) {
      const fields = decode(value);
      const list = place.slice(0, place.indexOf(" ")) as List;
      if (place !== `${list} ${JSON.stringify([fields.user, fields.entitlement])}`)
        throw new Error(`the record of ${place} is about ${fields.user}, ${fields.entitlement}`);
      checkConfidence(place, fields);
      lines.set(lineKey(list, fields), describe(list, fields));
    }
    return lines;
  }
}

export function exportListing(engine: EngineFolder, folder: string): Listing {
  const lines = new Map<string, string>();
  for (const list of ["predictions", "recommendations"] as const) {
    for (const row of engine.rows(folder, list) as unknown as PairFields[])
      lines.set(lineKey(list, row), describe(list, row));
  }
  const flags = new Map<string, Required<Pick<PairFields, "user" | "entitlement">> & { flags: object[] }>();
  for (const row of engine.rows(folder, "flags")) {
    const { user, entitlement, ...flag } = row as unknown as PairFields;
    const key = lineKey("flags", { user, entitlement });
    const pair = flags.get(key) ?? { user, entitlement, flags: [] };
    pair.flags.push(flag);
    flags.set(key, pair);
  }
  for (const [key, pair] of flags) lines.set(key, describe("flags", pair as PairFields));
  return lines;
}

export function viewListing(view: View): Listing {
  const lines = new Map<string, string>();
  for (const list of ["predictions", "recommendations"] as const) {
    for (const { score, ...pair } of view[list]) {
      lines.set(lineKey(list, pair), describe(list, { ...pair, ...score }));
    }
  }
  for (const pair of view.flags) lines.set(lineKey("flags", pair), describe("flags", pair));
  return lines;
}

/** At most ten, in words. */
export function differences(got: Listing, expected: Listing): string[] {
  const found: string[] = [];
  for (const [key, line] of got)
    if (expected.get(key) !== line) found.push(`${key}: ${line}, expected ${expected.get(key) ?? "none"}`);
  for (const [key, line] of expected) if (!got.has(key)) found.push(`${key}: none, expected ${line}`);
  return found.slice(0, 10);
}

function lineKey(list: List, { user, entitlement }: { readonly user: string; readonly entitlement: string }): string {
  return `${list} ${user} ${entitlement}`;
}

function describe(list: List, fields: PairFields): string {
  if (list === "flags") return JSON.stringify(fields.flags?.map(({ flag, type }) => [flag, type ?? null]).sort());
  const { rule = [], freqUnion, freq, band, reason } = fields;
  return JSON.stringify([rule.map((item) => [item.attribute, item.value]), freqUnion, freq, band, reason ?? null]);
}

/** Four decimals are published. */
function checkConfidence(place: string, { confidence, freqUnion = 0, freq = 0 }: PairFields): void {
  if (confidence === undefined || Math.abs(confidence - (freq === 0 ? 0 : freqUnion / freq)) <= 0.000051) return;
  throw new Error(`${place}: confidence ${confidence} of ${freqUnion} in ${freq}`);
}

const types = new Map<number, Type>();

function decode(value: Buffer): PairFields {
  if (value[0] !== 0) return JSON.parse(value.toString()) as PairFields;
  return typeOf(value.readUInt32BE(1)).fromBuffer(value.subarray(5)) as PairFields;
}

function typeOf(id: number): Type {
  const folder = join(PROJECT_ROOT, "schemas");
  const files = JSON.parse(readFileSync(join(folder, "ids.json"), "utf8")) as Record<string, string>;
  const type = types.get(id) ?? avro.Type.forSchema(JSON.parse(readFileSync(join(folder, files[id] ?? ""), "utf8")));
  types.set(id, type);
  return type;
}
