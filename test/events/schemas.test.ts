/** The schemas are the source of truth: the field tables, and through them the TypeScript types, follow them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeDelta, OutputStep } from "../../src/events/encode.ts";
import { EVENT_FIELDS, RISK_LEVELS, SNAPSHOT_MODES } from "../../src/events/fields.ts";
import { loadSchemaTable, SCHEMA_FOLDER } from "../../src/events/schema-files.ts";
import type { SchemaTable } from "../../src/events/schema-table.ts";
import { DELTAS, EVENTS } from "./samples.ts";

type AvroType = string | { type: string; logicalType?: string; symbols?: string[]; items?: AvroType } | AvroType[];
interface AvroField {
  name: string;
  type: AvroType;
  default?: unknown;
}

const readSchema = (file: string): { name: string; fields: AvroField[] } =>
  JSON.parse(readFileSync(join(SCHEMA_FOLDER, file), "utf8"));
const ids: Record<string, string> = JSON.parse(readFileSync(join(SCHEMA_FOLDER, "ids.json"), "utf8"));
const schemas = Object.values(ids).map((file) => ({ file, ...readSchema(file) }));
const typeOf = (fields: AvroField[]) => fields.find(({ name }) => name === "type")?.default as string;
const inputs = schemas.filter(({ fields }) => EVENT_FIELDS.has(typeOf(fields)));
const outputs = schemas.filter(({ fields }) => !EVENT_FIELDS.has(typeOf(fields)));

let table: SchemaTable;
beforeAll(async () => {
  table = await loadSchemaTable();
});

function kindOf(type: AvroType): string {
  if (Array.isArray(type)) return kindOf(type.at(-1) ?? "null");
  if (typeof type === "string") return { string: "text", long: "count", boolean: "boolean" }[type] ?? type;
  if (type.logicalType === "timestamp-millis") return "time";
  if (type.type === "enum")
    return type.symbols?.join() === RISK_LEVELS.join()
      ? "risk"
      : type.symbols?.join() === SNAPSHOT_MODES.join()
        ? "mode"
        : "enum";
  return { map: "attributes", array: "texts" }[type.type] ?? type.type;
}

describe("schema ids", () => {
  it("never change their meaning", () => {
    expect(
      Object.entries(ids)
        .slice(0, 22)
        .map(([id, file]) => `${id} ${file}`),
    ).toMatchInlineSnapshot(`
      [
        "1 identity.upserted.avsc",
        "2 identity.changed.avsc",
        "3 identity.removed.avsc",
        "4 assignment.granted.avsc",
        "5 assignment.revoked.avsc",
        "6 assignment.used.avsc",
        "7 entitlement.upserted.avsc",
        "8 entitlement.removed.avsc",
        "9 application.upserted.avsc",
        "10 access.requested.avsc",
        "11 access.appealed.avsc",
        "12 access.broken-glass.avsc",
        "13 decision.recorded.avsc",
        "14 action.acknowledged.avsc",
        "15 action.completed.avsc",
        "16 action.failed.avsc",
        "17 snapshot.started.avsc",
        "18 snapshot.completed.avsc",
        "19 clock.ticked.avsc",
        "20 prediction.upserted.avsc",
        "21 recommendation.upserted.avsc",
        "22 flag.upserted.avsc",
      ]
    `);
  });

  it("cover every event and every delta with a value", () => {
    expect(inputs.map(({ fields }) => typeOf(fields)).sort()).toEqual([...EVENT_FIELDS.keys()].sort());
    const written = DELTAS.filter(({ type }) => type.endsWith(".upserted")).map(({ type }) => type);
    expect(outputs.map(({ fields }) => typeOf(fields)).sort()).toEqual([...new Set(written)].sort());
  });
});

describe("input schemas", () => {
  it.each(inputs)("$file has the fields of the event", ({ fields }) => {
    const expected = EVENT_FIELDS.get(typeOf(fields))?.map(({ name, kind, required }) => ({ name, kind, required }));
    const found = fields
      .filter(({ name }) => name !== "type")
      .map(({ name, type, default: fallback }) => ({ name, kind: kindOf(type), required: fallback !== null }));
    expect(found).toEqual(expected);
  });

  it.each(Object.values(EVENTS))("$type as TypeScript sees it has the fields of its schema", (sample) => {
    const schema = inputs.find(({ fields }) => typeOf(fields) === sample.type);
    expect(Object.keys(sample).sort()).toEqual(schema?.fields.map(({ name }) => name).sort());
  });
});

describe("output schemas", () => {
  it.each(outputs)("$file has the fields of the JSON record", ({ fields }) => {
    const step = new OutputStep({ "hr.identities": [812] }, 0);
    const names = new Set<string>();
    for (const delta of DELTAS.filter(({ type }) => type === typeOf(fields))) {
      const { value } = encodeDelta(delta, step, "e.1.1.1", "json");
      for (const name of Object.keys(JSON.parse(Buffer.from(value ?? []).toString()))) names.add(name);
    }
    const optional = typeOf(fields) === "recommendation.upserted" ? ["reason"] : [];
    expect([...names, ...optional].sort()).toEqual(fields.map(({ name }) => name).sort());
  });

  it("are all known to the table", () => {
    expect(Object.keys(ids).every((id) => table.has(Number(id)))).toBe(true);
  });
});

describe("loading", () => {
  it("names the file that is missing", async () => {
    await expect(loadSchemaTable(join(SCHEMA_FOLDER, "none"))).rejects.toThrow(/cannot read .*none.*ids\.json/);
  });
});
