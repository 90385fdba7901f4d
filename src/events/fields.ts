/**
 * The fields of every native event, in one table that decoding, encoding and the schema test share. The types make it
 * follow `event.ts`: a field that is missing here, too many, or of another kind does not compile.
 */
import type {
  ApplicationUpserted,
  AssignmentGranted,
  AssignmentRevoked,
  AssignmentUsed,
  Attribute,
  ClockTicked,
  EntitlementRemoved,
  EntitlementUpserted,
  GovernanceEvent,
  IdentityChanged,
  IdentityRemoved,
  IdentityUpserted,
  InputEvent,
  RiskLevel,
  SnapshotEvent,
} from "./event.ts";

/**
 * text: an allowed text; optional and empty counts as null, required and empty is refused. count: a whole number, 0 or
 * more. texts: distinct non-empty texts. mode: `merge` where it is left out.
 */
export type FieldKind = "text" | "time" | "boolean" | "count" | "texts" | "risk" | "mode" | "attributes";

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly required: boolean;
  /** false: null counts as left out. */
  readonly nullable: boolean;
  /** false: checked, but not part of the event that decoding gives. */
  readonly kept: boolean;
}

export const RISK_LEVELS: readonly RiskLevel[] = ["low", "medium", "high", "critical"];
export const SNAPSHOT_MODES: readonly SnapshotEvent["mode"][] = ["merge", "replace"];

type KindOf<V> = [V] extends [readonly Attribute[]]
  ? "attributes"
  : [V] extends [readonly string[]]
    ? "texts"
    : [V] extends [number]
      ? "time" | "count"
      : [V] extends [boolean]
        ? "boolean"
        : [V] extends [RiskLevel]
          ? "risk"
          : [V] extends [SnapshotEvent["mode"]]
            ? "mode"
            : "text";

/** "text" is optional, "text!" required. */
type Specification<E> = {
  readonly [K in Exclude<keyof E, "type" | "id" | "at">]-?: undefined extends E[K]
    ? KindOf<NonNullable<E[K]>>
    : `${KindOf<NonNullable<E[K]>>}!`;
};

const IDENTITY_FIELDS = {
  user: "text!",
  attributes: "attributes!",
  kind: "text",
  name: "text",
  email: "text",
  manager: "text",
  company: "text",
  endsAt: "time",
  lastLoginAt: "time",
} satisfies Specification<IdentityUpserted> & Specification<IdentityChanged>;

const PAIR_FIELDS = {
  user: "text!",
  entitlement: "text!",
} satisfies Specification<AssignmentRevoked> & Specification<AssignmentUsed>;

const SNAPSHOT_FIELDS = {
  snapshot: "text!",
  source: "text!",
  kind: "text!",
  rows: "count!",
  mode: "mode!",
} satisfies Specification<SnapshotEvent>;

const ENTITLEMENT_FIELDS = {
  entitlement: "text!",
  name: "text",
  application: "text",
  applicationId: "text",
  owner: "text",
  risk: "risk",
  tags: "texts",
  requestable: "boolean",
} satisfies Specification<EntitlementUpserted>;

const GRANT_FIELDS = {
  user: "text!",
  entitlement: "text!",
  highRisk: "boolean",
  lastUsedAt: "time",
  expiresAt: "time",
  grantedBy: "text",
  source: "text",
  decisionId: "text",
} satisfies Specification<AssignmentGranted>;

const APPLICATION_FIELDS = {
  application: "text!",
  name: "text",
  owner: "text",
  legacy: "boolean",
  tags: "texts",
} satisfies Specification<ApplicationUpserted>;

type PlainSpecification = Readonly<Record<string, FieldKind | `${FieldKind}!`>>;

const SPECIFICATIONS: Readonly<Record<Exclude<InputEvent["type"], GovernanceEvent["type"]>, PlainSpecification>> = {
  "identity.upserted": IDENTITY_FIELDS,
  "identity.changed": IDENTITY_FIELDS,
  "identity.removed": { user: "text!" } satisfies Specification<IdentityRemoved>,
  "assignment.granted": GRANT_FIELDS,
  "assignment.revoked": PAIR_FIELDS,
  "assignment.used": PAIR_FIELDS,
  "entitlement.upserted": ENTITLEMENT_FIELDS,
  "entitlement.removed": { entitlement: "text!" } satisfies Specification<EntitlementRemoved>,
  "application.upserted": APPLICATION_FIELDS,
  "clock.ticked": { at: "time!" } satisfies Specification<ClockTicked> & { at: "time!" },
  "snapshot.started": SNAPSHOT_FIELDS,
  "snapshot.completed": SNAPSHOT_FIELDS,
};

const ACTION_FIELDS: PlainSpecification = { actionId: "text!", by: "text", reason: "text" };

const GOVERNANCE_SPECIFICATIONS: Readonly<Record<GovernanceEvent["type"], PlainSpecification>> = {
  "access.requested": { user: "text!", entitlement: "text!", by: "text!", reason: "text!", expiresAt: "time" },
  "access.appealed": { actionId: "text!", by: "text!", reason: "text!" },
  "access.broken-glass": { user: "text!", entitlement: "text!", reason: "text!" },
  "decision.recorded": {
    decision: "text!",
    subject: "text!",
    by: "text!",
    role: "text!",
    reason: "text!",
    expiresAt: "time",
    reviewEvery: "text",
    supersedes: "text",
  },
  "action.acknowledged": ACTION_FIELDS,
  "action.completed": ACTION_FIELDS,
  "action.failed": ACTION_FIELDS,
};

/** Fields of each event, `id` and `at` first, then in the order of its table. */
export const EVENT_FIELDS: ReadonlyMap<string, readonly Field[]> = new Map([
  ...Object.entries(SPECIFICATIONS).map(([type, fields]) => [type, fieldsOf(fields, true)] as const),
  ...Object.entries(GOVERNANCE_SPECIFICATIONS).map(([type, fields]) => [type, fieldsOf(fields, false)] as const),
]);

function fieldsOf(specification: PlainSpecification, kept: boolean): readonly Field[] {
  const fields: Field[] = [];
  for (const [name, text] of Object.entries({ id: "text", at: "time", ...specification })) {
    const isBase = name === "id" || name === "at";
    fields.push({
      name,
      kind: text.replace("!", "") as FieldKind,
      required: text.endsWith("!"),
      nullable: !isBase,
      kept: kept || isBase,
    });
  }
  return fields;
}
