/** Records in and out, native JSON and Avro. */
import { deepStrictEqual } from "node:assert/strict";
import { DEFAULT_SETTINGS } from "../src/core/settings.ts";
import type { Company } from "../src/demo/company.ts";
import { companyEvents } from "../src/demo/stream.ts";
import { decodeRecord } from "../src/events/decode.ts";
import { decodeOutput } from "../src/events/decode-output.ts";
import type { Delta } from "../src/events/delta.ts";
import { encodeDelta, type OutputFormat, OutputStep } from "../src/events/encode.ts";
import { type EncodableEvent, encodeEvent, encodeEventAvro } from "../src/events/encode-event.ts";
import type { InputEvent } from "../src/events/event.ts";
import type { SchemaTable } from "../src/events/schema-table.ts";
import { packRecords, unpackRecords } from "../src/transport/frames.ts";
import { COMPANY_MS } from "./company-files.ts";
import { COMPANY_MINUTE, companyRows } from "./company-rows.ts";
import { startEngine } from "./core-run.ts";
import type { Micro } from "./micro.ts";

const FORMATS = ["json", "avro"] as const;

export function eventMicros(company: Company, schemas: SchemaTable, count: number): Micro[] {
  const times = { startMs: COMPANY_MS, intervalMs: 4 };
  const stream = companyEvents(company, { seed: company.seed, times, idPrefix: "w-" });
  const events = Array.from({ length: count }, () => stream.next().value as EncodableEvent);
  return FORMATS.flatMap((format) => {
    const encode = (event: EncodableEvent): Uint8Array =>
      format === "json" ? encodeEvent(event) : encodeEventAvro(event, schemas);
    const record = (value: Uint8Array) => ({ topic: "events", key: null, value, headers: {} });
    const records = events.map((event) => record(encode(event)));
    const prove = (): void => {
      for (const [i, event] of events.entries()) {
        deepStrictEqual(decodeRecord(records[i]!, schemas), { events: [event] });
        deepStrictEqual(encode(event), records[i]!.value);
      }
    };
    const common = { unit: "event", operations: count, prove };
    return [
      { ...common, name: `events: encode, ${format}`, round: () => events.forEach(encode) },
      {
        ...common,
        name: `events: decode, ${format}`,
        round: () => records.forEach((each) => decodeRecord(each, schemas)),
      },
    ];
  });
}

/** Half of the deltas are of a first view, the others of the workload after it, as they come. */
export function deltaMicros(company: Company, schemas: SchemaTable, count: number): Micro[] {
  const deltas = someDeltas(company, count);
  const step = new OutputStep({ "hr.identities": [1_000], "iga.assignments": [20_000] }, COMPANY_MS);
  return FORMATS.flatMap((name) => {
    const format: OutputFormat = name === "json" ? "json" : schemas;
    const encode = (delta: Delta, i: number) => {
      const encoded = encodeDelta(delta, step, `corollary.1.1.${i}`, format);
      return { topic: "predictions", partition: i % 4, ...encoded };
    };
    const packed = (): Buffer => packRecords(deltas.map(encode));
    const records = unpackRecords(packed());
    const prove = (): void => {
      for (const [i, delta] of deltas.entries()) deepStrictEqual(decodeOutput(records[i]!, schemas).delta, delta);
      deepStrictEqual(unpackRecords(packed()), records);
    };
    const common = { unit: "delta", operations: deltas.length, prove };
    return [
      { ...common, name: `deltas: encode and pack, ${name}`, round: packed },
      {
        ...common,
        name: `deltas: decode, ${name}`,
        round: () => records.forEach((record) => decodeOutput(record, schemas)),
      },
    ];
  });
}

function someDeltas(company: Company, count: number): Delta[] {
  const { engine } = startEngine(companyRows(company, DEFAULT_SETTINGS), DEFAULT_SETTINGS);
  const stream = companyEvents(company, { seed: company.seed });
  const deltasOf = (events: readonly InputEvent[]): readonly Delta[] => {
    const stamped = events.map((event) => ({ event, recordAtMs: COMPANY_MS }));
    const budgetRecords = Number.MAX_SAFE_INTEGER;
    return engine.step({ clockMinute: COMPANY_MINUTE, events: stamped, budgetRecords }).deltas;
  };
  const deltas: Delta[] = [];
  do deltas.push(...deltasOf([]).slice(0, count / 2 - deltas.length));
  while (engine.pendingCount() > 0);
  while (deltas.length < count) deltas.push(...deltasOf([stream.next().value]).slice(0, count - deltas.length));
  return deltas;
}
