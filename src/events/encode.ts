/**
 * What is written to the output topics: one record a delta. A removal has no value; its headers say what it was.
 * All records of a step share their positions and time, and most share few rules: both are made text only once.
 */
import { unreachable } from "../errors.ts";
import type { Delta, Flag, Item, Score } from "./delta.ts";
import { explanation, ruleInWords } from "./explanation.ts";
import { confidence, reliability, toFourDecimals } from "./reliability.ts";
import type { SchemaTable } from "./schema-table.ts";
import { formatTime } from "./time.ts";

/** JSON, or Avro with the schemas of the table. */
export type OutputFormat = "json" | SchemaTable;

/** Texts are to be written as UTF-8, once and where they belong. */
export interface EncodedRecord {
  readonly key: string;
  readonly value: string | Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What all records of a step have in common. */
export class OutputStep {
  readonly asOf: Readonly<Record<string, readonly number[]>>;
  readonly atMs: number;
  readonly asOfJson: string;
  readonly atJson: string;

  /** `asOf`: by topic the next input offset of each partition. `atMs`: ms since 1970. */
  constructor(asOf: Readonly<Record<string, readonly number[]>>, atMs: number) {
    this.asOf = asOf;
    this.atMs = atMs;
    this.asOfJson = JSON.stringify(asOf);
    this.atJson = JSON.stringify(formatTime(atMs));
  }
}

/** `cor` is the record's place in the order of outputs: engine.epoch.step.seq. */
export function encodeDelta(delta: Delta, step: OutputStep, cor: string, format: OutputFormat): EncodedRecord {
  const user = JSON.stringify(delta.user);
  const entitlement = JSON.stringify(delta.entitlement);
  const key = `[${user},${entitlement}]`;
  switch (delta.type) {
    case "prediction.removed":
    case "recommendation.removed":
    case "flag.removed":
      return { key, value: null, headers: { cor, type: delta.type, reason: delta.reason } };
    case "prediction.upserted":
    case "recommendation.upserted":
    case "flag.upserted":
      return {
        key,
        value:
          format === "json"
            ? deltaJson(delta, user, entitlement, step)
            : format.write(delta.type, deltaRecord(delta, step)),
        headers: { cor },
      };
    default:
      return unreachable(delta);
  }
}

type Upsert = Extract<Delta, { type: "prediction.upserted" | "recommendation.upserted" | "flag.upserted" }>;

/** `user` and `entitlement` as JSON. */
function deltaJson(delta: Upsert, user: string, entitlement: string, step: OutputStep): string {
  const head = `{"type":"${delta.type}","user":${user},"entitlement":${entitlement}`;
  const cause = delta.cause === null ? "null" : JSON.stringify(delta.cause);
  const tail = `"asOf":${step.asOfJson},"cause":${cause},"at":${step.atJson}}`;
  if (delta.type === "flag.upserted") {
    return `${head},"flags":${JSON.stringify(delta.flags)},"previous":${JSON.stringify(delta.previous)},${tail}`;
  }
  const { score, previous } = delta;
  const status = delta.type === "recommendation.upserted" ? ',"status":"open"' : "";
  const bound = toFourDecimals(reliability(score.freqUnion, score.freq));
  const words = explanation(score, entitlement.slice(1, -1), ruleText(score.rule).words);
  const before = previous === null ? "null" : `{"rule":${ruleText(previous.rule).json},${evidenceJson(previous)}}`;
  return `${head}${status},${evidenceJson(score)},"reliability":${bound},"rule":${ruleText(score.rule).json},"explanation":"${words}","previous":${before},${tail}`;
}

function evidenceJson(score: Score): string {
  const band = score.band === null ? "null" : `"${score.band}"`;
  const reason = score.reason === null ? "" : `,"reason":"${score.reason}"`;
  return `"confidence":${confidence(score.freqUnion, score.freq)},"freqUnion":${score.freqUnion},"freq":${score.freq},"band":${band}${reason}`;
}

interface RuleText {
  readonly json: string;
  /** In words, as the inside of a JSON text. */
  readonly words: string;
}

const ruleTexts = new WeakMap<readonly Item[], RuleText>();

function ruleText(rule: readonly Item[]): RuleText {
  let text = ruleTexts.get(rule);
  if (text === undefined) {
    const json = JSON.stringify(rule.map(({ attribute, value }) => ({ attribute, value })));
    text = { json, words: JSON.stringify(ruleInWords(rule)).slice(1, -1) };
    ruleTexts.set(rule, text);
  }
  return text;
}

/** The same record in the shape of the Avro schema. */
function deltaRecord(delta: Upsert, step: OutputStep): object {
  const { type, user, entitlement, cause } = delta;
  const tail = { asOf: step.asOf, cause, at: step.atMs };
  if (delta.type === "flag.upserted") {
    return {
      type,
      user,
      entitlement,
      flags: delta.flags.map(flagRecord),
      previous: delta.previous.map(flagRecord),
      ...tail,
    };
  }
  const { score, previous } = delta;
  return {
    type,
    user,
    entitlement,
    ...(type === "recommendation.upserted" ? { status: "open" } : {}),
    ...evidenceRecord(score),
    reliability: toFourDecimals(reliability(score.freqUnion, score.freq)),
    explanation: explanation(score, entitlement),
    previous: previous === null ? null : evidenceRecord(previous),
    ...tail,
  };
}

function evidenceRecord(score: Score): object {
  const { rule, freqUnion, freq, band, reason } = score;
  return { rule, freqUnion, freq, confidence: confidence(freqUnion, freq), band, reason };
}

function flagRecord(flag: Flag): object {
  return { flag: flag.flag, type: flag.flag === "outlier" ? flag.type : null };
}
