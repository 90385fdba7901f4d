import { beforeAll, describe, expect, it } from "vitest";
import { decodeOutput } from "../../src/events/decode-output.ts";
import type { Delta, Score } from "../../src/events/delta.ts";
import { encodeDelta, type OutputFormat, OutputStep } from "../../src/events/encode.ts";
import { routeOf } from "../../src/events/encode-event.ts";
import { encodeReject } from "../../src/events/encode-reject.ts";
import { explanation } from "../../src/events/explanation.ts";
import { reliability, toFourDecimals } from "../../src/events/reliability.ts";
import { loadSchemaTable } from "../../src/events/schema-files.ts";
import type { SchemaTable } from "../../src/events/schema-table.ts";
import { packedRecord } from "../support/packed-record.ts";
import { DELTAS, EVENTS } from "./samples.ts";

let schemas: SchemaTable;
beforeAll(async () => {
  schemas = await loadSchemaTable();
});

const step = new OutputStep({ "hr.identities": [812] }, Date.UTC(2026, 0, 5, 9));
const encoded = (delta: Delta, format: OutputFormat) =>
  packedRecord("t", encodeDelta(delta, step, "main.1.2.3", format));
const json = (delta: Delta) => Buffer.from(encoded(delta, "json").value ?? []).toString();
function sample(index: number): Delta {
  const delta = DELTAS[index];
  if (delta === undefined) throw new Error(`no sample ${index}`);
  return delta;
}
const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString());

describe("encodeDelta", () => {
  it("writes the documented recommendation, byte for byte", () => {
    expect(json(sample(0))).toBe(
      '{"type":"recommendation.upserted","user":"karen.11","entitlement":"Payroll Report","status":"open","confidence":0.8333,' +
        '"freqUnion":5,"freq":6,"band":"high","reliability":0.4365,"rule":[{"attribute":"CITY","value":"San Jose"}],' +
        '"explanation":"5 of 6 people with CITY San Jose have Payroll Report","previous":null,' +
        '"asOf":{"hr.identities":[812]},"cause":"evt-81","at":"2026-01-05T09:00:00Z"}',
    );
    const { key, headers } = encoded(sample(0), "json");
    expect(text(key)).toBe('["karen.11","Payroll Report"]');
    expect(headers).toEqual({ cor: "main.1.2.3" });
  });

  it("writes a removal as no value with its type and reason in headers", () => {
    const { key, value, headers } = encoded(sample(1), "json");
    expect(text(key)).toBe('["karen.11","Payroll Report"]');
    expect(value).toBeNull();
    expect(headers).toEqual({ cor: "main.1.2.3", type: "recommendation.removed", reason: "now-held" });
  });

  it("writes previous values, and a loss of score with its reason", () => {
    expect(JSON.parse(json(sample(2)))).toMatchObject({
      previous: { rule: [], freqUnion: 0, freq: 0, confidence: 0, band: null, reason: "group-too-small" },
      cause: null,
    });
    expect(JSON.parse(json(sample(3)))).toMatchObject({
      rule: [],
      freqUnion: 0,
      freq: 0,
      confidence: 0,
      band: null,
      reliability: 0,
      reason: "group-too-small",
      previous: { freqUnion: 5, freq: 6, confidence: 0.8333, band: "high" },
    });
  });

  it("writes all flags of a pair", () => {
    expect(JSON.parse(json(sample(5)))).toMatchObject({
      flags: [{ flag: "outlier", type: "rare" }, { flag: "stale-unused" }],
      previous: [{ flag: "orphaned" }],
    });
  });

  it.each(DELTAS)("$type comes back from JSON as it was", (delta) => {
    expect(decodeOutput(encoded(delta, "json"), schemas)).toEqual(expected(delta));
  });

  it.each(DELTAS)("$type comes back from Avro as it was", (delta) => {
    const record = encoded(delta, schemas);
    if (record.value !== null) expect(record.value[0]).toBe(0);
    expect(decodeOutput(record, schemas)).toEqual(expected(delta));
  });

  const expected = (delta: Delta) =>
    delta.type.endsWith(".removed")
      ? { delta, cor: "main.1.2.3", atMs: null, asOf: null }
      : { delta, cor: "main.1.2.3", atMs: step.atMs, asOf: step.asOf };

  it("takes long rules and any characters", () => {
    const rule = Array.from({ length: 4 }, (_, index) => ({ attribute: `A"${index}`, value: "é\n".repeat(400) }));
    const score: Score = { rule, freqUnion: 4, freq: 4, band: "high", reason: null };
    const delta: Delta = {
      type: "prediction.upserted",
      user: '"',
      entitlement: "\\",
      cause: null,
      score,
      previous: score,
    };
    for (const format of ["json", schemas] as const) {
      expect(decodeOutput(encoded(delta, format), schemas).delta).toEqual(delta);
    }
  });
});

describe("decodeOutput", () => {
  const good = () => packedRecord("predictions", encodeDelta(sample(2), step, "c", "json"));

  it("reads headers that are bytes", () => {
    expect(decodeOutput({ ...good(), headers: { cor: Buffer.from("main.1.2.3") } }, schemas).cor).toBe("main.1.2.3");
  });

  it.each([
    ["no cor", { headers: {} }],
    ["broken JSON", { value: Buffer.from("{") }],
    ["JSON null", { value: Buffer.from("null") }],
    [
      "unknown type",
      { value: Buffer.from('{"type":"x","user":"u","entitlement":"e","at":"2026-01-05T09:00:00Z","asOf":{}}') },
    ],
    ["short Avro", { value: Buffer.from([0]) }],
    ["removal without type", { value: null }],
    [
      "removal with a strange key",
      { value: null, key: Buffer.from("x"), headers: { cor: "c", type: "flag.removed", reason: "left" } },
    ],
  ])("refuses %s as not ours", (_name, change) => {
    expect(() => decodeOutput({ ...good(), ...change }, schemas)).toThrow(
      expect.objectContaining({ code: "state", message: expect.stringContaining("predictions") }),
    );
  });
});

describe("reliability", () => {
  it("is the Wilson lower bound", () => {
    expect(toFourDecimals(reliability(5, 6))).toBe(0.4365);
    expect(toFourDecimals(reliability(4, 4))).toBe(0.5101);
    expect(reliability(0, 0)).toBe(0);
    expect(reliability(0, 5)).toBe(0);
    expect(reliability(30_000, 40_000)).toBeCloseTo(0.7457, 4);
  });
});

describe("explanation", () => {
  const item = (attribute: string, value: string) => ({ attribute, value });
  const rule = [item("CITY", "San Jose"), item("DEPT", "Finance"), item("GRADE", "7")];
  const scored = (length: number): Score => ({
    rule: rule.slice(0, length),
    freqUnion: 4,
    freq: 5,
    band: "high",
    reason: null,
  });

  it("puts one, two and three items in words", () => {
    expect(explanation(scored(1), "Expenses")).toBe("4 of 5 people with CITY San Jose have Expenses");
    expect(explanation(scored(2), "Expenses")).toBe("4 of 5 people with CITY San Jose and DEPT Finance have Expenses");
    expect(explanation(scored(3), "Expenses")).toBe(
      "4 of 5 people with CITY San Jose, DEPT Finance and GRADE 7 have Expenses",
    );
  });

  it("says why there is no score", () => {
    for (const reason of ["entitlement-excluded", "no-attributes", "group-too-small", "too-few-holders"] as const) {
      const score: Score = { rule: [], freqUnion: 0, freq: 0, band: null, reason };
      expect(explanation(score, "Expenses")).toMatch(/^not scored: /);
    }
  });
});

describe("encodeReject", () => {
  it("keeps key, value and headers, and adds what Kafka Connect would", () => {
    const record = {
      topic: "hr.identities",
      partition: 3,
      offset: 812,
      timestampMs: 0,
      key: Buffer.from([1, 255]),
      value: Buffer.from([255, 0]),
      headers: { trace: "t-1", "__connect.errors.topic": "older" },
    };
    const reason = { field: "attributes.CITY", expectation: "a text, got an object" };
    const reject = encodeReject(record, reason, "main", "main.1.2.3");
    expect(reject.key).toBe(record.key);
    expect(reject.value).toBe(record.value);
    expect(reject.headers).toEqual({
      trace: "t-1",
      "__connect.errors.topic": "hr.identities",
      "__connect.errors.partition": "3",
      "__connect.errors.offset": "812",
      "__connect.errors.connector.name": "main",
      "__connect.errors.task.id": "0",
      "__connect.errors.stage": "VALUE_CONVERTER",
      "__connect.errors.class.name": "corollary",
      "__connect.errors.exception.class.name": "RejectReason",
      "__connect.errors.exception.message": "attributes.CITY: expected a text, got an object",
      cor: "main.1.2.3",
    });
  });
});

describe("routeOf", () => {
  it("sends people by user, pairs and the catalog by entitlement", () => {
    const routes = Object.values(EVENTS).map(
      (event) => `${event.type} → ${routeOf(event).channel} ${routeOf(event).key}`,
    );
    expect(routes).toMatchInlineSnapshot(`
      [
        "identity.upserted → identities karen.11",
        "identity.changed → identities karen.11",
        "identity.removed → identities karen.11",
        "assignment.granted → assignments Payroll Report",
        "assignment.revoked → assignments Payroll Report",
        "assignment.used → assignments Payroll Report",
        "entitlement.upserted → entitlements Payroll Report",
        "entitlement.removed → entitlements Payroll Report",
        "application.upserted → entitlements ADP",
        "clock.ticked → identities ",
        "snapshot.started → identities s1",
        "snapshot.completed → identities s1",
      ]
    `);
  });
});
