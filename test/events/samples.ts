import type { Delta } from "../../src/events/delta.ts";
import type { EncodableEvent } from "../../src/events/encode-event.ts";
import type { SnapshotEvent } from "../../src/events/event.ts";

/** Two types share the shape of a snapshot event; every other type has its own. */
type EventOf<Type> = Type extends SnapshotEvent["type"] ? SnapshotEvent : Extract<EncodableEvent, { type: Type }>;

const base = { id: "evt-81", at: Date.UTC(2026, 0, 5, 9) };
const identity = {
  ...base,
  user: "karen.11",
  attributes: [
    ["CITY", ["San Jose"]],
    ["__proto__", ["x"]],
    ["SKILLS", ["a", "b"]],
    ["GRADE", []],
  ],
  kind: "employee",
  name: "Karen Ümlaut",
  email: "karen@example.com",
  manager: null,
  company: "Example",
  endsAt: Date.UTC(2030, 0, 1),
  lastLoginAt: 1_700_000_000_123,
} as const;
const pair = { ...base, user: "karen.11", entitlement: "Payroll Report" };
const snapshot = { ...base, snapshot: "s1", source: "hr", kind: "identities", rows: 3, mode: "replace" } as const;

/** One event of each type with every field set. The types make a missing or extra field a compile error. */
export const EVENTS: { readonly [Type in EncodableEvent["type"]]: Required<EventOf<Type>> } = {
  "identity.upserted": { type: "identity.upserted", ...identity },
  "identity.changed": { type: "identity.changed", ...identity },
  "identity.removed": { type: "identity.removed", ...base, user: "karen.11" },
  "assignment.granted": {
    type: "assignment.granted",
    ...pair,
    highRisk: true,
    lastUsedAt: 1_591_463_467_000,
    expiresAt: 1_900_000_000_000,
    grantedBy: "boss.1",
    source: "iga",
    decisionId: "d-1",
  },
  "assignment.revoked": { type: "assignment.revoked", ...pair },
  "assignment.used": { type: "assignment.used", ...pair },
  "entitlement.upserted": {
    type: "entitlement.upserted",
    ...base,
    entitlement: "Payroll Report",
    name: "Payroll",
    application: "ADP",
    applicationId: "adp-1",
    owner: "owner.1",
    risk: "critical",
    tags: ["pii", "sox"],
    requestable: false,
  },
  "entitlement.removed": { type: "entitlement.removed", ...base, entitlement: "Payroll Report" },
  "application.upserted": {
    type: "application.upserted",
    ...base,
    application: "ADP",
    name: "ADP",
    owner: "owner.1",
    legacy: true,
    tags: ["finance"],
  },
  "clock.ticked": { type: "clock.ticked", ...base },
  "snapshot.started": { ...snapshot, type: "snapshot.started" },
  "snapshot.completed": { ...snapshot, type: "snapshot.completed" },
};

const city = { attribute: "CITY", value: "San Jose" };
const scored = { rule: [city], freqUnion: 5, freq: 6, band: "high", reason: null } as const;
const unscored = { rule: [], freqUnion: 0, freq: 0, band: null, reason: "group-too-small" } as const;
const deltaPair = { user: "karen.11", entitlement: "Payroll Report", cause: "evt-81" };

export const DELTAS: readonly Delta[] = [
  { type: "recommendation.upserted", ...deltaPair, score: scored, previous: null },
  { type: "recommendation.removed", ...deltaPair, cause: null, reason: "now-held" },
  {
    type: "prediction.upserted",
    ...deltaPair,
    cause: null,
    score: { ...scored, rule: [city, { attribute: "DEPT", value: 'F"in' }] },
    previous: unscored,
  },
  { type: "prediction.upserted", ...deltaPair, score: unscored, previous: scored },
  { type: "prediction.removed", ...deltaPair, cause: null, reason: "left" },
  {
    type: "flag.upserted",
    ...deltaPair,
    flags: [{ flag: "outlier", type: "rare" }, { flag: "stale-unused" }],
    previous: [{ flag: "orphaned" }],
  },
  { type: "flag.removed", ...deltaPair, cause: null, reason: "cleared" },
];
