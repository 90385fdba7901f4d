import { beforeAll, describe, expect, it } from "vitest";
import { decodeRecord } from "../../src/events/decode.ts";
import { encodeEvent, encodeEventAvro } from "../../src/events/encode-event.ts";
import type { Decoded, RejectReason } from "../../src/events/event.ts";
import { loadSchemaTable } from "../../src/events/schema-files.ts";
import { SchemaTable } from "../../src/events/schema-table.ts";
import { EVENTS } from "./samples.ts";

let schemas: SchemaTable;
beforeAll(async () => {
  schemas = await loadSchemaTable();
});

function decodeBytes(value: Uint8Array | null, bytesMax?: number): Decoded {
  return decodeRecord({ topic: "hr.identities", key: null, value, headers: {} }, schemas, bytesMax);
}
const decode = (json: string | object): Decoded =>
  decodeBytes(Buffer.from(typeof json === "string" ? json : JSON.stringify(json)));

function event(decoded: Decoded): unknown {
  if ("reject" in decoded) throw new Error(`${decoded.reject.field}: ${decoded.reject.expectation}`);
  expect(decoded.events).toHaveLength(1);
  return decoded.events[0];
}
function reject(decoded: Decoded): RejectReason {
  if (!("reject" in decoded)) throw new Error("was taken");
  return decoded.reject;
}
const attributes = (json: string) =>
  (event(decode(`{"type":"identity.changed","user":"u","attributes":${json}}`)) as { attributes: unknown }).attributes;
const attributesReject = (json: string) =>
  reject(decode(`{"type":"identity.changed","user":"u","attributes":${json}}`));

describe("native events", () => {
  it.each(Object.values(EVENTS))("$type comes back from JSON as it was", (sample) => {
    expect(event(decodeBytes(encodeEvent(sample)))).toEqual(sample);
  });

  it.each(Object.values(EVENTS))("$type comes back from Avro as it was", (sample) => {
    expect(event(decodeBytes(encodeEventAvro(sample, schemas)))).toEqual(sample);
  });

  it("takes the seed's forms", () => {
    expect(event(decode({ type: "assignment.granted", user: "a", entitlement: "E" }))).toEqual({
      type: "assignment.granted",
      user: "a",
      entitlement: "E",
    });
    const zoneless = { type: "assignment.used", user: "a", entitlement: "E", at: "2020-06-06 17:11:07" };
    expect(event(decode(zoneless))).toMatchObject({ at: Date.UTC(2020, 5, 6, 17, 11, 7) });
  });

  it("tells null from left out, and takes empty optional texts as null", () => {
    const decoded = event(decode({ type: "identity.changed", user: "u", attributes: {}, manager: null, kind: "" }));
    expect(decoded).toEqual({ type: "identity.changed", user: "u", attributes: [], manager: null, kind: null });
    expect(event(decode({ type: "identity.removed", user: "u", id: null, at: null }))).toEqual({
      type: "identity.removed",
      user: "u",
    });
  });

  it("in Avro, null is left out and an empty text clears", () => {
    const sample = { type: "identity.changed", user: "u", attributes: [], kind: null } as const;
    expect(event(decodeBytes(encodeEventAvro(sample, schemas)))).toEqual(sample);
  });

  it("passes over unknown fields, and takes the last of two fields of one name", () => {
    const json = '{"type":"identity.removed","user":"a","__proto__":{"user":"x"},"more":[1],"user":"b"}';
    expect(event(decode(json))).toEqual({ type: "identity.removed", user: "b" });
  });

  it("checks governance events and keeps only their base", () => {
    const request = { type: "access.requested", id: "r1", user: "u", entitlement: "E", by: "u", reason: "need" };
    expect(event(decode(request))).toEqual({ type: "access.requested", id: "r1" });
    expect(reject(decode({ ...request, reason: undefined })).field).toBe("reason");
  });

  it("takes a snapshot's mode as merge where it is left out", () => {
    const snapshot = { type: "snapshot.started", snapshot: "s", source: "hr", kind: "identities", rows: 0 };
    expect(event(decode(snapshot))).toMatchObject({ mode: "merge" });
    expect(reject(decode({ ...snapshot, mode: "all" }))).toEqual({
      field: "mode",
      expectation: "one of merge, replace, got another text",
    });
    expect(reject(decode({ ...snapshot, rows: -1 })).field).toBe("rows");
  });

  it("takes JSON with a byte order mark and white space", () => {
    expect(event(decode('\ufeff \n{"type":"identity.removed","user":"ü"}\r\n'))).toMatchObject({ user: "ü" });
  });
});

describe("attributes", () => {
  it("makes numbers and booleans their JSON text, and keeps distinct values in order", () => {
    expect(attributes('{"a":7,"b":7.0,"c":1.50,"d":true,"e":-0,"f":1e-7,"g":[3,"3",null,"",false,3]}')).toEqual([
      ["a", ["7"]],
      ["b", ["7"]],
      ["c", ["1.5"]],
      ["d", ["true"]],
      ["e", ["0"]],
      ["f", ["1e-7"]],
      ["g", ["3", "false"]],
    ]);
  });

  it("takes null, empty and empty arrays as no values; neither trims nor folds", () => {
    expect(attributes('{"a":null,"b":"","c":[],"d":" X "}')).toEqual([
      ["a", []],
      ["b", []],
      ["c", []],
      ["d", [" X "]],
    ]);
  });

  it("keeps an attribute that is called __proto__", () => {
    expect(attributes('{"__proto__":"a","constructor":["b"]}')).toEqual([
      ["__proto__", ["a"]],
      ["constructor", ["b"]],
    ]);
  });

  it("refuses what is nested, names the place", () => {
    expect(attributesReject('{"a":{"b":1}}')).toMatchObject({
      field: "attributes.a",
      expectation: expect.stringContaining("got an object"),
    });
    expect(attributesReject('{"a":["x",["y"]]}')).toMatchObject({
      field: "attributes.a[1]",
      expectation: expect.stringContaining("got an array"),
    });
  });

  it("refuses numbers that JavaScript cannot hold", () => {
    expect(attributesReject('{"a":9007199254740993}').field).toBe("attributes.a");
    expect(attributesReject('{"a":[1e400]}').field).toBe("attributes.a[0]");
  });

  it("refuses too many, bad names, and a map that is none", () => {
    const many = Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`a${index}`, 1]));
    expect(attributesReject(JSON.stringify(many)).expectation).toBe("at most 256 attributes, got 257");
    expect(attributesReject('{"":1}').expectation).toContain("an empty name");
    expect(attributesReject("[]").expectation).toBe("an object of attributes, got an array");
    expect(attributesReject("null").expectation).toBe("an object of attributes, got null");
    expect(reject(decode({ type: "identity.upserted", user: "u" })).expectation).toBe(
      "an object of attributes, got nothing",
    );
  });

  it("is not slowed down by a long array", () => {
    const values = Array.from({ length: 100_000 }, (_, index) => index);
    expect((attributes(JSON.stringify({ a: values })) as [string, string[]][])[0]?.[1]).toHaveLength(100_000);
  });
});

describe("texts", () => {
  const user = (text: string) => decode(`{"type":"identity.removed","user":${text}}`);

  it("takes 1,024 bytes and refuses 1,025", () => {
    expect(event(user(`"${"é".repeat(512)}"`))).toBeDefined();
    expect(reject(user(`"${"é".repeat(512)}x"`))).toMatchObject({
      field: "user",
      expectation: expect.stringMatching(/^a non-empty text of at most 1,024 bytes .*, got 1025 bytes$/),
    });
  });

  it("takes surrogate pairs; refuses lone surrogates, U+0000 and bytes that are not UTF-8", () => {
    expect(event(user('"\\ud83d\\ude00"'))).toMatchObject({ user: "😀" });
    expect(reject(user('"a\\ud83d"')).expectation).toContain("a lone surrogate");
    expect(reject(user('"a\\u0000"')).expectation).toContain("got a text with U+0000");
    expect(reject(user('"😀\\u0000"')).expectation).toContain("got a text with U+0000");
    const bytes = Buffer.from('{"type":"identity.removed","user":"a\xff"}', "latin1");
    expect(reject(decodeBytes(bytes)).expectation).toContain("not UTF-8");
  });

  it.each([
    ["7", "a number"],
    ["null", "null"],
    ['""', "an empty text"],
    ["true", "a boolean"],
    ["{}", "an object"],
  ])("refuses %s", (json, got) => {
    expect(reject(user(json))).toMatchObject({ field: "user", expectation: expect.stringMatching(`got ${got}$`) });
  });
});

describe("records that fit nothing", () => {
  it.each([
    ["null value", null],
    ["empty value", Buffer.alloc(0)],
    ["broken JSON", Buffer.from('{"type":')],
    ["plain text", Buffer.from("hello alice")],
    ["array", Buffer.from("[]")],
    ["JSON null", Buffer.from("null")],
    ["short Avro", Buffer.from([0, 0, 0])],
    ["unknown schema id", Buffer.from([0, 9, 9, 9, 9, 1])],
  ])("rejects %s as a whole", (_name, value) => {
    const { field, expectation } = reject(decodeBytes(value));
    expect(field).toBe("");
    expect(expectation).not.toContain("alice");
  });

  it("names an unknown type, but quotes nothing longer or stranger than a word", () => {
    expect(reject(decode({ type: "identity.upsert" }))).toMatchObject({
      field: "type",
      expectation: expect.stringMatching(/identity\.upserted.*, got "identity.upsert"$/),
    });
    expect(reject(decode({ type: "for alice only" })).expectation).toMatch(/got another text$/);
    expect(reject(decode({ user: "x" })).expectation).toMatch(/got nothing$/);
  });

  it("rejects a value above the limit", () => {
    const value = Buffer.from(JSON.stringify({ type: "identity.removed", user: "u", more: "x".repeat(100) }));
    expect(event(decodeBytes(value, value.length))).toBeDefined();
    expect(reject(decodeBytes(value, value.length - 1)).expectation).toContain("at most");
    expect(reject(decodeBytes(Buffer.alloc(1024 * 1024 + 1, "x"))).expectation).toContain("at most 1048576 bytes");
  });

  it("takes a plain Uint8Array inside a larger buffer", () => {
    const bytes = Buffer.concat([Buffer.from("xx"), Buffer.from('{"type":"identity.removed","user":"u"}')]);
    expect(event(decodeBytes(new Uint8Array(bytes.buffer, bytes.byteOffset + 2, bytes.length - 2)))).toBeDefined();
  });
});

describe("Avro", () => {
  const writer = (fields: object[], name = "AssignmentUsed") => ({
    type: "record",
    namespace: "corollary",
    name,
    fields: [{ name: "type", type: "string", default: "assignment.used" }, ...fields],
  });
  const user = { name: "user", type: "string" };
  const entitlement = { name: "entitlement", type: "string" };

  it("resolves records of an older schema to the current one", () => {
    const old = new SchemaTable(
      new Map([[3, writer([entitlement, user, { name: "gone", type: { type: "array", items: "int" } }])]]),
    );
    const value = old.write("assignment.used", { type: "assignment.used", user: "u", entitlement: "E", gone: [1, 2] });
    const table = new SchemaTable(
      new Map([
        [3, writer([entitlement, user, { name: "gone", type: { type: "array", items: "int" } }])],
        [7, writer([user, entitlement, { name: "at", type: ["null", "long"], default: null }])],
      ]),
    );
    const decoded = decodeRecord({ topic: "t", key: null, value, headers: {} }, table);
    expect(event(decoded)).toEqual({ type: "assignment.used", user: "u", entitlement: "E" });
  });

  it("refuses a table that cannot be resolved or says no type, naming the id", () => {
    const incompatible = new Map<number, unknown>([
      [1, writer([user])],
      [2, writer([user, entitlement])],
    ]);
    expect(() => new SchemaTable(incompatible)).toThrow(/schema 1 cannot be read/);
    expect(() => new SchemaTable(new Map([[5, { type: "record", name: "X", fields: [] }]]))).toThrow(
      /schema 5 .*"type"/,
    );
    expect(() => new SchemaTable(new Map([[5, "nonsense"]]))).toThrow(/schema 5 is not an Avro schema/);
    expect(() => new SchemaTable(new Map([[0, writer([user])]]))).toThrow(/schema id 0/);
  });

  it("rejects cut-off, lengthened and lying bytes", () => {
    const value = encodeEventAvro(EVENTS["identity.upserted"], schemas);
    for (let length = 5; length < value.length; length++) {
      expect(reject(decodeBytes(value.subarray(0, length))).field).toBe("");
    }
    expect(reject(decodeBytes(Buffer.concat([value, Buffer.from([0])]))).field).toBe("");
  });

  it("does not believe a count of billions", () => {
    const head = Buffer.concat([Buffer.from([0, 0, 0, 0, 2]), Buffer.from("\x20identity.changed", "latin1")]);
    const huge = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    const map = Buffer.concat([head, Buffer.from([0, 0, 2, 0x75]), huge]);
    expect(reject(decodeBytes(map)).expectation).toContain("do not fit");
    const list = Buffer.concat([head, Buffer.from([0, 0, 2, 0x75, 2, 2, 0x61, 8]), huge]);
    expect(reject(decodeBytes(list)).expectation).toContain("do not fit");
  });

  it("rejects texts that are not UTF-8, and takes a real replacement character", () => {
    const sample = { type: "identity.removed", user: "a\ufffdb" } as const;
    const value = Buffer.from(encodeEventAvro(sample, schemas));
    expect(event(decodeBytes(value))).toEqual(sample);
    value[value.indexOf(0xef)] = 0xff;
    expect(reject(decodeBytes(value)).expectation).toContain("do not fit");
  });
});
