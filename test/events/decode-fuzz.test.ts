import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeRecord } from "../../src/events/decode.ts";
import { encodeEvent, encodeEventAvro } from "../../src/events/encode-event.ts";
import type { Decoded } from "../../src/events/event.ts";
import { loadSchemaTable } from "../../src/events/schema-files.ts";
import type { SchemaTable } from "../../src/events/schema-table.ts";
import { EVENTS } from "./samples.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 1500);

let schemas: SchemaTable;
beforeAll(async () => {
  schemas = await loadSchemaTable();
});

const decode = (value: Uint8Array): Decoded => decodeRecord({ topic: "t", key: null, value, headers: {} }, schemas);

function expectDecoded(decoded: Decoded): void {
  if ("reject" in decoded) {
    expect(typeof decoded.reject.field).toBe("string");
    expect(decoded.reject.expectation.length).toBeGreaterThan(0);
  } else {
    expect(decoded.events.length).toBeGreaterThan(0);
  }
}

const samples = Object.values(EVENTS);
const mutation = fc.record({
  sample: fc.nat(samples.length - 1),
  cuts: fc.array(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      drop: fc.nat(3),
      bytes: fc.uint8Array({ maxLength: 4 }),
    }),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
});

function mutated(value: Uint8Array, cuts: readonly { at: number; drop: number; bytes: Uint8Array }[]): Buffer {
  let result = Buffer.from(value);
  for (const { at, drop, bytes } of cuts) {
    const index = Math.floor(at * result.length);
    result = Buffer.concat([result.subarray(0, index), bytes, result.subarray(index + drop)]);
  }
  return result;
}

describe("decoding never throws", () => {
  it("on random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectDecoded(decode(bytes))),
      { numRuns: RUNS },
    );
  });

  it("on random bytes behind a schema id", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 22 }), fc.uint8Array({ maxLength: 100 }), (id, bytes) =>
        expectDecoded(decode(Buffer.concat([Buffer.from([0, 0, 0, 0, id]), bytes]))),
      ),
      { numRuns: RUNS },
    );
  });

  it("on mutated JSON", () => {
    fc.assert(
      fc.property(mutation, ({ sample, cuts }) =>
        expectDecoded(decode(mutated(encodeEvent(samples[sample] as never), cuts))),
      ),
      { numRuns: RUNS },
    );
  });

  it("on mutated Avro", () => {
    fc.assert(
      fc.property(mutation, ({ sample, cuts }) =>
        expectDecoded(decode(mutated(encodeEventAvro(samples[sample] as never, schemas), cuts))),
      ),
      { numRuns: RUNS },
    );
  });

  it("on any JSON in any field", () => {
    const types = fc.constantFrom(...samples.map(({ type }) => type));
    const fields = fc.dictionary(
      fc.constantFrom(
        "id",
        "at",
        "user",
        "entitlement",
        "attributes",
        "tags",
        "risk",
        "kind",
        "rows",
        "mode",
        "highRisk",
      ),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(types, fields, (type, rest) => expectDecoded(decode(Buffer.from(JSON.stringify({ type, ...rest }))))),
      { numRuns: RUNS },
    );
  });
});

describe("encoding and decoding", () => {
  it("gives back any attributes", () => {
    const text = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((value) => !value.includes("\0"));
    const attributes = fc.uniqueArray(
      fc.tuple(fc.oneof(text, fc.constant("__proto__")), fc.uniqueArray(text, { maxLength: 3 })),
      { selector: ([name]) => name, maxLength: 5 },
    );
    fc.assert(
      fc.property(text, attributes, (user, list) => {
        const byName = [...list].sort(([one], [other]) => (one < other ? -1 : 1));
        const sorted = (decoded: Decoded) =>
          "reject" in decoded
            ? decoded
            : (decoded.events[0] as unknown as { attributes: [string, string[]][] }).attributes.sort(
                ([one], [other]) => (one < other ? -1 : 1),
              );
        const event = { type: "identity.changed", user, attributes: list } as const;
        expect(sorted(decode(encodeEvent(event)))).toEqual(byName);
        expect(sorted(decode(encodeEventAvro(event, schemas)))).toEqual(byName);
      }),
      { numRuns: RUNS / 3 },
    );
  });
});
