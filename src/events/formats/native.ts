/**
 * The rules of native events, whatever notation they came in. Never throws; the first field that does not fit decides.
 *  1. Unknown fields do no harm, and of a field named twice the last one counts.
 *  2. Texts are taken as they are: neither trimmed nor case-folded.
 *  3. Expectations name kinds and sizes, never a value: they end up in headers and logs.
 */
import type { Attribute, Decoded, InputEvent, RejectReason } from "../event.ts";
import { EVENT_FIELDS, type Field, type FieldKind, RISK_LEVELS, SNAPSHOT_MODES } from "../fields.ts";
import { TEXT_BYTES_MAX, textFault } from "../text.ts";

export const ATTRIBUTES_MAX = 256;

/** What differs between JSON and Avro. */
export interface Notation {
  /** true: an optional field that is null was not named at all. */
  readonly nullIsAbsent: boolean;
  readonly timeExpectation: string;
  /** Milliseconds since 1970, or null when the value is no time. */
  readTime(value: unknown): number | null;
}

class Fault implements RejectReason {
  readonly field: string;
  readonly expectation: string;

  constructor(field: string, expected: string, got: string) {
    this.field = field;
    this.expectation = `${expected}, got ${got}`;
  }
}

type FieldValue = string | number | boolean | null | readonly string[] | readonly Attribute[];
type FieldReader = (value: unknown, field: Field, notation: Notation) => FieldValue | Fault;

const TEXT_LIMIT = `of at most ${TEXT_BYTES_MAX.toLocaleString("en")} bytes without U+0000 and lone surrogates`;

const READERS: Readonly<Record<FieldKind, FieldReader>> = {
  text: readText,
  texts: readTexts,
  attributes: readAttributes,
  time: (value, field, notation) =>
    notation.readTime(value) ?? new Fault(field.name, notation.timeExpectation, describe(value)),
  boolean: (value, field) =>
    typeof value === "boolean" ? value : new Fault(field.name, "true or false", describe(value)),
  count: (value, field) =>
    Number.isSafeInteger(value) && (value as number) >= 0
      ? (value as number)
      : new Fault(field.name, "a whole number, 0 or more", describe(value)),
  risk: (value, field) => readWord(value, field, RISK_LEVELS),
  mode: (value, field) => readWord(value, field, SNAPSHOT_MODES),
};

/** `record` is a parsed JSON object, or an Avro record in the same shape. */
export function nativeEvent(record: Readonly<Record<string, unknown>>, notation: Notation): Decoded {
  const type = record["type"];
  const fields = typeof type === "string" ? EVENT_FIELDS.get(type) : undefined;
  if (fields === undefined) return { reject: unknownType(type) };
  const event: Record<string, unknown> = { type };
  for (const field of fields) {
    const value = record[field.name];
    if (value === undefined || (value === null && !field.required && (notation.nullIsAbsent || !field.nullable))) {
      if (field.kind === "mode") event[field.name] = "merge";
      else if (field.required) return { reject: missing(field) };
      continue;
    }
    const taken = value === null && !field.required ? null : READERS[field.kind](value, field, notation);
    if (taken instanceof Fault) return { reject: taken };
    if (field.kept && (taken !== null || field.nullable)) event[field.name] = taken;
  }
  return { events: [event as unknown as InputEvent] };
}

function readText(value: unknown, field: Field): string | null | Fault {
  if (typeof value !== "string") return new Fault(field.name, textExpectation(field), describe(value));
  if (value === "") return field.required ? new Fault(field.name, textExpectation(field), "an empty text") : null;
  const fault = textFault(value);
  return fault === null ? value : new Fault(field.name, textExpectation(field), fault);
}

function readTexts(value: unknown, field: Field): readonly string[] | Fault {
  if (!Array.isArray(value)) return new Fault(field.name, "an array of texts", describe(value));
  for (const [index, text] of value.entries()) {
    const fault = typeof text === "string" ? (text === "" ? "an empty text" : textFault(text)) : describe(text);
    if (fault !== null) return new Fault(`${field.name}[${index}]`, `a non-empty text ${TEXT_LIMIT}`, fault);
  }
  return [...new Set<string>(value)];
}

function readWord(value: unknown, field: Field, words: readonly string[]): string | Fault {
  if (typeof value === "string" && words.includes(value)) return value;
  return new Fault(
    field.name,
    `one of ${words.join(", ")}`,
    typeof value === "string" ? "another text" : describe(value),
  );
}

function readAttributes(value: unknown, field: Field): readonly Attribute[] | Fault {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return new Fault(field.name, "an object of attributes", describe(value));
  }
  const names = Object.keys(value);
  if (names.length > ATTRIBUTES_MAX) {
    return new Fault(field.name, `at most ${ATTRIBUTES_MAX} attributes`, String(names.length));
  }
  const attributes: Attribute[] = [];
  for (const name of names) {
    const fault = name === "" ? "an empty name" : textFault(name);
    if (fault !== null) return new Fault(field.name, `attribute names ${TEXT_LIMIT}`, fault);
    const values = readAttributeValues((value as Record<string, unknown>)[name], name);
    if (values instanceof Fault) return values;
    attributes.push([name, values]);
  }
  return attributes;
}

function readAttributeValues(value: unknown, name: string): readonly string[] | Fault {
  if (!Array.isArray(value)) {
    const text = attributeText(value, name, null);
    if (text instanceof Fault) return text;
    return text === "" ? [] : [text];
  }
  const distinct = new Set<string>();
  for (const [index, entry] of value.entries()) {
    const text = attributeText(entry, name, index);
    if (text instanceof Fault) return text;
    if (text !== "") distinct.add(text);
  }
  return [...distinct];
}

/** The text of a single value: "" for null and empty, the JSON text of a number or boolean. */
function attributeText(value: unknown, name: string, index: number | null): string | Fault {
  let got: string;
  switch (typeof value) {
    case "string": {
      const fault = textFault(value);
      if (fault === null) return value;
      got = fault;
      break;
    }
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return String(value);
      got = "a number that cannot be read without loss (send it as a text)";
      break;
    default:
      if (value === null) return "";
      got = describe(value);
  }
  const path = index === null ? `attributes.${name}` : `attributes.${name}[${index}]`;
  const expected =
    index === null ? "null, a number, true, false, an array of these, or" : "null, a number, true, false, or";
  return new Fault(path, `${expected} a text ${TEXT_LIMIT}`, got);
}

function textExpectation(field: Field): string {
  return `${field.required ? "a non-empty text" : "a text"} ${TEXT_LIMIT}`;
}

function missing(field: Field): Fault {
  const expected: Record<FieldKind, string> = {
    text: textExpectation(field),
    texts: "an array of texts",
    attributes: "an object of attributes",
    time: "a time",
    boolean: "true or false",
    count: "a whole number, 0 or more",
    risk: "a risk level",
    mode: "a mode",
  };
  return new Fault(field.name, expected[field.kind], "nothing");
}

const PLAIN_WORD = /^[\w.-]{1,64}$/;

function unknownType(type: unknown): Fault {
  return new Fault(
    "type",
    `the type of an event (${[...EVENT_FIELDS.keys()].join(", ")})`,
    typeof type === "string" && PLAIN_WORD.test(type) ? `"${type}"` : describe(type),
  );
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  switch (typeof value) {
    case "string":
      return "another text";
    case "object":
      return "an object";
    default:
      return `a ${typeof value}`;
  }
}
