/** Undated events of a random run. */
import type { Attribute, IdentityFields, InputEvent } from "../../src/events/event.ts";
import { type Company, type RandomAttribute, randomValues } from "./random-company.ts";
import { KINDS, SOURCES } from "./random-settings.ts";
import type { RandomSource } from "./random-source.ts";

const DAY_MS = 86_400_000;
const EXPIRY_FROM_MS = Date.UTC(2026, 0, 1);

/** The company as it is first told, in random order or people first. */
export function randomOpening(random: RandomSource, company: Company): InputEvent[] {
  const joiners = company.users.filter(() => random.chance(0.9)).map((user) => joiner(random, company, user));
  const catalog = company.entitlements
    .filter(() => random.chance(0.8))
    .map(({ name }) => catalogEntry(random, company, name));
  const grants = Array.from({ length: random.between(40, 120) }, () => grant(random, company));
  return random.chance(0.6)
    ? [...joiners, ...random.shuffle([...catalog, ...grants])]
    : random.shuffle([...joiners, ...catalog, ...grants]);
}

export function randomChange(random: RandomSource, company: Company): InputEvent {
  const user = random.pick(company.users);
  const entitlement = random.pick(company.entitlements).name;
  const kind = random.weighted({
    grant: 28,
    revoke: 14,
    use: 8,
    move: 18,
    image: 5,
    leave: 5,
    return: 5,
    catalog: 5,
    uncatalogue: 1,
    application: 3,
    tick: 3,
    other: 1,
    tooMany: 0.5,
  });
  switch (kind) {
    case "grant":
      return grant(random, company);
    case "revoke":
      return { type: "assignment.revoked", user, entitlement };
    case "use":
      return { type: "assignment.used", user, entitlement };
    case "move":
      return move(random, company, user);
    case "image":
      return joiner(random, company, user);
    case "return":
      return joiner(random, company, random.pick([...company.left, user]));
    case "leave":
      company.left.add(user);
      return { type: "identity.removed", user };
    case "catalog":
      return catalogEntry(random, company, entitlement);
    case "uncatalogue":
      return { type: "entitlement.removed", entitlement };
    case "application":
      return {
        type: "application.upserted",
        application: random.pick(company.applications),
        ...someTags(random, company),
      };
    case "tick":
      return { type: "clock.ticked", at: 0 };
    case "other":
      return random.pick<InputEvent>([
        { type: "access.requested" },
        { type: "snapshot.started", snapshot: "s", source: "hr", kind: "identities", rows: 3, mode: "merge" },
      ]);
    case "tooMany":
      return tooMany(random, company, user);
  }
}

function joiner(random: RandomSource, company: Company, user: string): InputEvent {
  const attributes = company.attributes
    .filter(() => random.chance(company.filled))
    .map((attribute) => randomAttribute(random, attribute));
  company.believed.set(user, new Map(attributes));
  company.left.delete(user);
  return { type: "identity.upserted", user, attributes, ...someFields(random) };
}

function move(random: RandomSource, company: Company, user: string): InputEvent {
  const count = random.pick([0, 1, 1, 1, 1, 2, 3]);
  const attributes = random.sample(company.attributes, count).map((attribute) => randomAttribute(random, attribute));
  const believed = company.believed.get(user) ?? new Map<string, readonly string[]>();
  for (const [name, values] of attributes) believed.set(name, values);
  company.believed.set(user, believed);
  return { type: "identity.changed", user, attributes, ...someFields(random) };
}

function tooMany(random: RandomSource, company: Company, user: string): InputEvent {
  const values = Array.from({ length: random.between(31, 34) }, (_, i) => `value ${100 + i}`);
  return {
    type: "identity.changed",
    user,
    attributes: [[random.pick(company.attributes).name, values]],
    kind: "service",
  };
}

function randomAttribute(random: RandomSource, attribute: RandomAttribute): Attribute {
  return [attribute.name, randomValues(random, attribute)];
}

function someFields(random: RandomSource): IdentityFields {
  const fields: { -readonly [Key in keyof IdentityFields]: IdentityFields[Key] } = {};
  if (random.chance(0.3)) fields.kind = random.pick([...KINDS, null]);
  if (random.chance(0.1)) fields.name = random.pick(["Ann", null]);
  if (random.chance(0.05)) fields.lastLoginAt = random.pick([EXPIRY_FROM_MS, null]);
  return fields;
}

/** 93 of 100 grants go to someone at home. */
function grant(random: RandomSource, company: Company): InputEvent {
  const { name: entitlement, home } = random.pick(company.entitlements);
  const atHome = company.users.filter((user) => company.believed.get(user)?.get(home.attribute)?.includes(home.value));
  const user = random.pick(atHome.length > 0 && random.chance(0.93) ? atHome : company.users);
  return {
    type: "assignment.granted",
    user,
    entitlement,
    ...(random.chance(0.15) ? { source: random.pick([...SOURCES, null]) } : {}),
    ...(random.chance(0.12) ? { expiresAt: EXPIRY_FROM_MS + random.between(-1, 60) * DAY_MS } : {}),
    ...(random.chance(0.12)
      ? { lastUsedAt: random.pick([EXPIRY_FROM_MS + random.between(-100, 20) * DAY_MS, null]) }
      : {}),
    ...(random.chance(0.1) ? { highRisk: true } : {}),
    ...(random.chance(0.05) ? { grantedBy: "manager", decisionId: "d1" } : {}),
  };
}

function catalogEntry(random: RandomSource, company: Company, entitlement: string): InputEvent {
  const usual = company.entitlements.find(({ name }) => name === entitlement)!.application;
  const application = random.chance(0.8) ? usual : random.pick([...company.applications, null]);
  return {
    type: "entitlement.upserted",
    entitlement,
    ...(random.chance(0.9) ? { application } : {}),
    ...(random.chance(0.2) ? { requestable: random.pick([true, false, null]) } : {}),
    ...(random.chance(0.1) ? { risk: "high" as const, name: "a name" } : {}),
    ...someTags(random, company),
  };
}

function someTags(random: RandomSource, company: Company): { tags?: readonly string[] | null } {
  if (!random.chance(0.25)) return {};
  return { tags: random.chance(0.1) ? null : random.sample([...company.tags].sort(), random.between(0, 2)).sort() };
}
