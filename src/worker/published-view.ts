/**
 * What consumers were told, read back from the changelog topics: the last record of each key. Compaction takes nothing
 * away from it, because it keeps the last record of each key too.
 */
import type { Config } from "../config/keys.ts";
import type { PairFlagsRow, PairScoreRow } from "../core/tables.ts";
import { AppError } from "../errors.ts";
import type { Flag, Score } from "../events/delta.ts";
import { isAvroWire, type SchemaTable, splitAvroWire } from "../events/schema-table.ts";
import type { Transport } from "../transport/transport.ts";
import { topicName } from "./publisher.ts";

export interface PublishedView {
  readonly predictions: readonly PairScoreRow[];
  readonly recommendations: readonly PairScoreRow[];
  readonly flags: readonly PairFlagsRow[];
}

/** Both formats; the topics may hold records of either, when `format` was changed. */
export async function readPublishedView(
  transport: Pick<Transport, "readOutput">,
  config: Config,
  schemas: SchemaTable,
): Promise<PublishedView> {
  const read = (topic: "predictions" | "recommendations" | "flags") =>
    lastRecords(transport, topicName(config, topic), schemas);
  return {
    predictions: (await read("predictions")).map(scoreRow),
    recommendations: (await read("recommendations")).map(scoreRow),
    flags: (await read("flags")).map(flagsRow),
  };
}

/** The fields of an upsert that recovery needs, in either format. */
interface Upsert {
  readonly user: string;
  readonly entitlement: string;
  readonly rule: Score["rule"];
  readonly freqUnion: number;
  readonly freq: number;
  readonly band: Score["band"];
  readonly reason?: Score["reason"];
  readonly flags: readonly { readonly flag: Flag["flag"]; readonly type?: "low" | "rare" | null }[];
}

async function lastRecords(
  transport: Pick<Transport, "readOutput">,
  topic: string,
  schemas: SchemaTable,
): Promise<Upsert[]> {
  const values = new Map<string, Uint8Array>();
  for await (const { key, value } of transport.readOutput(topic)) {
    const text = Buffer.from(key ?? []).toString();
    if (value === null) values.delete(text);
    else values.set(text, value);
  }
  return Array.from(values.values(), (value) => decode(topic, value, schemas));
}

function decode(topic: string, value: Uint8Array, schemas: SchemaTable): Upsert {
  try {
    const bytes = Buffer.from(value);
    if (!isAvroWire(bytes)) return JSON.parse(bytes.toString()) as Upsert;
    const wire = splitAvroWire(bytes);
    if (wire === null) throw new RangeError("shorter than its prefix");
    return schemas.read(wire.id, wire.data) as unknown as Upsert;
  } catch (error) {
    throw new AppError(
      "state",
      `topic ${topic} holds a record that this engine did not write`,
      "give the engine topics of its own",
      error,
    );
  }
}

function scoreRow({ user, entitlement, rule, freqUnion, freq, band, reason }: Upsert): PairScoreRow {
  const items = rule.map(({ attribute, value }) => ({ attribute, value }));
  return { user, entitlement, score: { rule: items, freqUnion, freq, band, reason: reason ?? null } };
}

function flagsRow({ user, entitlement, flags }: Upsert): PairFlagsRow {
  return {
    user,
    entitlement,
    flags: flags.map(({ flag, type }): Flag => (flag === "outlier" ? { flag, type: type ?? "low" } : { flag })),
  };
}
