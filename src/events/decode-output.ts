/**
 * Our own output records, read back: recovery and checks rebuild the published view from the changelog topics. What
 * does not look like one of our records is never guessed at: AppError("state").
 */
import { AppError } from "../errors.ts";
import type { Headers } from "../transport/transport.ts";
import type { Band, Delta, Flag, Item, NotScoredReason, Score } from "./delta.ts";
import { isAvroWire, type SchemaTable, splitAvroWire } from "./schema-table.ts";
import { parseTime } from "./time.ts";

export interface EncodedOutput {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

export interface DecodedOutput {
  readonly delta: Delta;
  /** engine.epoch.step.seq */
  readonly cor: string;
  /** ms since 1970; null for a removal. */
  readonly atMs: number | null;
  /** Input positions by topic and partition; null for a removal. */
  readonly asOf: Readonly<Record<string, readonly number[]>> | null;
}

/** Throws AppError("state") naming topic and field. */
export function decodeOutput(record: EncodedOutput, schemas: SchemaTable): DecodedOutput {
  const cor = header(record, "cor");
  if (cor === null) throw notOurs(record, "it has no header cor");
  if (record.value === null) {
    return { delta: removal(record), cor, atMs: null, asOf: null };
  }
  const fields = parseValue(record, record.value, schemas);
  const at = fields["at"];
  const atMs = typeof at === "string" ? parseTime(at) : at;
  const asOf = fields["asOf"];
  if (typeof atMs !== "number") throw notOurs(record, "at is no time");
  if (typeof asOf !== "object" || asOf === null) throw notOurs(record, "asOf is missing");
  return { delta: upsert(record, fields), cor, atMs, asOf: asOf as Record<string, number[]> };
}

type Fields = Readonly<Record<string, unknown>>;

function parseValue(record: EncodedOutput, value: Uint8Array, schemas: SchemaTable): Fields {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.length);
  let fields: Fields | null;
  try {
    const wire = isAvroWire(bytes) ? splitAvroWire(bytes) : null;
    fields = wire === null ? JSON.parse(bytes.toString("utf8")) : schemas.read(wire.id, wire.data);
  } catch (error) {
    throw notOurs(record, "it can be read neither as JSON nor as Avro", error);
  }
  return fields ?? {};
}

function upsert(record: EncodedOutput, fields: Fields): Delta {
  const { type, user, entitlement } = fields;
  if (typeof user !== "string" || typeof entitlement !== "string")
    throw notOurs(record, "user or entitlement is missing");
  const pair = { user, entitlement, cause: typeof fields["cause"] === "string" ? fields["cause"] : null };
  const { previous } = fields;
  switch (type) {
    case "prediction.upserted":
    case "recommendation.upserted":
      return {
        type,
        ...pair,
        score: score(record, fields),
        previous: previous === null || previous === undefined ? null : score(record, previous as Fields),
      };
    case "flag.upserted":
      return { type, ...pair, flags: flags(record, fields["flags"]), previous: flags(record, previous) };
    default:
      throw notOurs(record, "its type is unknown");
  }
}

function removal(record: EncodedOutput): Delta {
  const [user, entitlement] = pairOf(record);
  const type = header(record, "type");
  const reason = header(record, "reason");
  if (reason === null) throw notOurs(record, "it has no header reason");
  const pair = { user, entitlement, cause: null };
  switch (type) {
    case "prediction.removed":
    case "recommendation.removed":
    case "flag.removed":
      return { type, ...pair, reason } as Delta;
    default:
      throw notOurs(record, "it has no known header type");
  }
}

function pairOf(record: EncodedOutput): readonly [string, string] {
  try {
    const key: unknown = JSON.parse(Buffer.from(record.key ?? []).toString("utf8"));
    if (Array.isArray(key) && typeof key[0] === "string" && typeof key[1] === "string") return [key[0], key[1]];
  } catch (error) {
    throw notOurs(record, 'its key is not ["user","entitlement"]', error);
  }
  throw notOurs(record, 'its key is not ["user","entitlement"]');
}

function score(record: EncodedOutput, fields: Fields): Score {
  const { rule, freqUnion, freq, band, reason } = fields;
  if (!Array.isArray(rule) || !rule.every(isItem)) throw notOurs(record, "rule is no list of items");
  if (!Number.isSafeInteger(freqUnion) || !Number.isSafeInteger(freq))
    throw notOurs(record, "freqUnion or freq is no count");
  return {
    rule: rule.map(({ attribute, value }) => ({ attribute, value })),
    freqUnion: freqUnion as number,
    freq: freq as number,
    band: (band ?? null) as Band | null,
    reason: (reason ?? null) as NotScoredReason | null,
  };
}

function isItem(item: unknown): item is Item {
  const { attribute, value } = (item ?? {}) as Fields;
  return typeof attribute === "string" && typeof value === "string";
}

function flags(record: EncodedOutput, list: unknown): readonly Flag[] {
  if (!Array.isArray(list)) throw notOurs(record, "flags or previous is no list");
  return list.map(({ flag, type }) => (type === undefined || type === null ? { flag } : { flag, type }) as Flag);
}

function header(record: EncodedOutput, name: string): string | null {
  const value = record.headers[name];
  if (value === undefined) return null;
  return typeof value === "string" ? value : Buffer.from(value).toString("utf8");
}

function notOurs(record: EncodedOutput, why: string, cause?: unknown): AppError {
  const hint = "Only the engine may write to its output topics; check who else does.";
  return new AppError("state", `a record of ${record.topic} is not one of this engine's: ${why}`, hint, cause);
}
