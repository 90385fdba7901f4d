/** Native events as they are appended to the input topics. What decoding gave, encoding and decoding gives again. */
import { unreachable } from "../errors.ts";
import type { Attribute, GovernanceEvent, InputEvent } from "./event.ts";
import { EVENT_FIELDS, type FieldKind } from "./fields.ts";
import type { SchemaTable } from "./schema-table.ts";
import { formatTime } from "./time.ts";

/** Governance events are kept as the records they came in; decoding does not keep their fields. */
export type EncodableEvent = Exclude<InputEvent, GovernanceEvent>;

/** Which of the input topics an event belongs to. */
export type InputChannel = "identities" | "assignments" | "entitlements" | "requests" | "decisions";

export function encodeEvent(event: EncodableEvent): Uint8Array {
  let json = `{"type":"${event.type}"`;
  for (const [name, kind, value] of namedFields(event)) json += `,"${name}":${valueJson(value, kind)}`;
  return Buffer.from(`${json}}`);
}

/** Avro cannot tell "null" from "not named": a null text becomes an empty one, any other null is not named. */
export function encodeEventAvro(event: EncodableEvent, schemas: SchemaTable): Uint8Array {
  const record: Record<string, unknown> = { type: event.type };
  for (const [name, kind, value] of namedFields(event)) {
    if (kind === "attributes") record[name] = attributesRecord(value as readonly Attribute[]);
    else if (value !== null) record[name] = value;
    else if (kind === "text") record[name] = "";
  }
  return schemas.write(event.type, record);
}

/** Where the event goes. Pairs go by entitlement: all of an entitlement's assignments share a partition. */
export function routeOf(event: InputEvent): { readonly channel: InputChannel; readonly key: string } {
  switch (event.type) {
    case "identity.upserted":
    case "identity.changed":
    case "identity.removed":
      return { channel: "identities", key: event.user };
    case "assignment.granted":
    case "assignment.revoked":
    case "assignment.used":
      return { channel: "assignments", key: event.entitlement };
    case "entitlement.upserted":
    case "entitlement.removed":
      return { channel: "entitlements", key: event.entitlement };
    case "application.upserted":
      return { channel: "entitlements", key: event.application };
    case "clock.ticked":
      return { channel: "identities", key: "" };
    case "snapshot.started":
    case "snapshot.completed":
      return { channel: snapshotChannel(event.kind), key: event.snapshot };
    case "access.requested":
    case "access.appealed":
    case "access.broken-glass":
      return { channel: "requests", key: event.id ?? "" };
    case "decision.recorded":
    case "action.acknowledged":
    case "action.completed":
    case "action.failed":
      return { channel: "decisions", key: event.id ?? "" };
    default:
      return unreachable(event);
  }
}

function snapshotChannel(kind: string): InputChannel {
  return kind === "assignments" || kind === "entitlements" ? kind : "identities";
}

type FieldValue = string | number | boolean | null | readonly string[] | readonly Attribute[];

function* namedFields(event: EncodableEvent): Generator<[string, FieldKind, FieldValue]> {
  const values = event as unknown as Readonly<Record<string, FieldValue | undefined>>;
  for (const { name, kind } of EVENT_FIELDS.get(event.type) ?? []) {
    const value = values[name];
    if (value !== undefined) yield [name, kind, value];
  }
}

function valueJson(value: FieldValue, kind: FieldKind): string {
  if (value === null) return "null";
  if (kind === "time") return `"${formatTime(value as number)}"`;
  if (kind === "attributes") return attributesJson(value as readonly Attribute[]);
  return JSON.stringify(value);
}

/** Written by hand: an object literal would lose an attribute that is called `__proto__`. */
function attributesJson(attributes: readonly Attribute[]): string {
  return `{${attributes.map(([name, values]) => `${JSON.stringify(name)}:${JSON.stringify(plainValue(values))}`).join(",")}}`;
}

function attributesRecord(attributes: readonly Attribute[]): object {
  return Object.fromEntries(attributes.map(([name, values]) => [name, plainValue(values)]));
}

function plainValue(values: readonly string[]): string | null | readonly string[] {
  if (values.length === 0) return null;
  return values.length === 1 ? (values[0] as string) : values;
}
