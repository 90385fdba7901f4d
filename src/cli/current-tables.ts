/** The engine's tables in the form that a load is compared with. */
import type { Engine } from "../core/engine.ts";
import { RISK_HIGH, RISK_KNOWN } from "../core/pairs.ts";
import type { CurrentTables } from "../events/diff.ts";
import type { CatalogFields } from "../events/formats/csv-entitlements.ts";
import type { IdentityField } from "../events/formats/csv-identities.ts";

/** Reads the engine as it is when asked, so nothing may be applied while a load is compared. */
export function currentTables(engine: Engine): CurrentTables {
  const { identities, catalog, pairs, items } = engine.company;
  const catalogFields = (id: number) =>
    JSON.parse(catalog.row(id)[2]) as { readonly catalogued: boolean; readonly fields: CatalogFields };
  return {
    identity(user) {
      const id = identities.names.find(user);
      if (id < 0) return null;
      const attributes = new Map<string, string[]>();
      for (const item of identities.attributes.toArray(id)) {
        const { attribute, value } = items.describe(item);
        attributes.set(attribute, [...(attributes.get(attribute) ?? []), value]);
      }
      const { f = {} } = JSON.parse(identities.row(id)[2]) as { f?: Partial<Record<IdentityField, string | null>> };
      return { active: identities.isActive(id), attributes, fields: f };
    },
    assignment(user, entitlement) {
      const [userId, entitlementId] = [identities.names.find(user), catalog.names.find(entitlement)];
      const row = userId < 0 || entitlementId < 0 ? -1 : pairs.find(userId, entitlementId);
      if (row < 0) return null;
      const lastUsedAt = pairs.lastUsedAt[row] ?? 0;
      return {
        held: pairs.isHeld(row),
        highRisk: ((pairs.membershipOf(row) ?? 0) & (RISK_KNOWN | RISK_HIGH)) === (RISK_KNOWN | RISK_HIGH),
        lastUsedAt: Number.isFinite(lastUsedAt) ? lastUsedAt : null,
      };
    },
    catalogEntry(entitlement) {
      const id = catalog.names.find(entitlement);
      if (id < 0 || !catalog.factsOf(id).catalogued) return null;
      return catalogFields(id).fields;
    },
    *activeUsers() {
      for (let id = 0; id < identities.size; id++) if (identities.isActive(id)) yield identities.names.textOf(id);
    },
    *heldPairs() {
      for (let row = 0; row < pairs.size; row++) {
        if (!pairs.isLive(row) || !pairs.isHeld(row)) continue;
        yield [
          identities.names.textOf(pairs.userOf(row) ?? 0),
          catalog.names.textOf(pairs.entitlementOf(row) ?? 0),
        ] as const;
      }
    },
    *cataloguedEntitlements() {
      for (let id = 0; id < catalog.size; id++) if (catalog.factsOf(id).catalogued) yield catalog.names.textOf(id);
    },
  };
}
