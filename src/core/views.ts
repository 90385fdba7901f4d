/** The tables and views as plain rows, for export, checks and tests. Reads only. */

import type { Item, Score } from "../events/delta.ts";
import type { Company } from "./company.ts";
import { flagsOf } from "./flags.ts";
import { ACTIVE, REMOVED } from "./identities.ts";
import type { Live } from "./live.ts";
import { reaches } from "./materiality.ts";
import { NOTHING, PREDICTION, RECOMMENDATION } from "./pairs.ts";
import { NEVER } from "./registers.ts";
import { PUBLISHED_FREQ, PUBLISHED_UNION } from "./rule-tables.ts";
import type {
  AssignmentRow,
  EntitlementRow,
  IdentityRow,
  ItemsetRow,
  PairFlagsRow,
  PairScoreRow,
  RuleRow,
  Tables,
  View,
} from "./tables.ts";
import { bandOf, reasonOf, type Target } from "./target.ts";

export function tablesOf(company: Company): Tables {
  const { identities, catalog, pairs, items } = company;
  const describe = (ids: readonly number[]): Item[] => ids.map((id) => items.describe(id));
  const identityRows: IdentityRow[] = [];
  for (let user = 0; user < identities.size; user++) {
    const changedAt = identities.itemsChangedAt[user]!;
    identityRows.push({
      user: identities.names.textOf(user),
      state: identities.state[user] === ACTIVE ? "active" : identities.state[user] === REMOVED ? "removed" : "unknown",
      kind: identities.kindOf(user),
      items: describe(identities.featuresOf(user)),
      previousItems: describe(identities.previousItemsOf(user)),
      itemsChangedAt: changedAt === NEVER ? null : changedAt,
    });
  }
  const assignments: AssignmentRow[] = [];
  for (let row = 0; row < pairs.size; row++) {
    const memberAt = pairs.memberAt[row]!;
    const lastUsedAt = pairs.lastUsedAt[row]!;
    if (!pairs.isLive(row) || (memberAt === NEVER && lastUsedAt === NEVER)) continue;
    assignments.push({
      user: identities.names.textOf(pairs.userOf(row)),
      entitlement: catalog.names.textOf(pairs.entitlementOf(row)),
      held: pairs.isHeld(row),
      memberAt: memberAt === NEVER ? -1 : memberAt,
      lastUsedAt: lastUsedAt === NEVER ? null : lastUsedAt,
      expiresAt: pairs.extraOf(row).expiresAt,
      source: pairs.extraOf(row).source,
    });
  }
  const entitlements: EntitlementRow[] = [];
  for (let id = 0; id < catalog.size; id++) {
    entitlements.push({ entitlement: catalog.names.textOf(id), ...catalog.factsOf(id) });
  }
  return { clockMinute: company.clockMinute, identities: identityRows, assignments, entitlements };
}

/** The view by exact counts, in the engine's own order. */
export class ExactView {
  readonly #company: Company;
  readonly #live: Live;

  constructor(company: Company, live: Live) {
    this.#company = company;
    this.#live = live;
  }

  whole(): View {
    return {
      itemsets: [...this.itemsets()],
      rules: [...this.rules()],
      predictions: [...this.predictions()],
      recommendations: [...this.recommendations()],
      flags: [...this.flags()],
    };
  }

  *itemsets(): Generator<ItemsetRow> {
    const { itemsets } = this.#live.counters;
    const { minSupport } = this.#live.settings;
    for (let node = 0; node < itemsets.size; node++) {
      const freq = itemsets.freq(node);
      if (freq < minSupport) continue;
      for (const items of this.#live.descriptions.withRedundant(node)) yield { items, freq };
    }
  }

  *rules(): Generator<RuleRow> {
    const { counters } = this.#live;
    for (const [entitlement, table] of counters.tables.entries()) {
      const name = this.#company.catalog.names.textOf(entitlement);
      for (const itemset of table.itemsets()) {
        const freq = counters.itemsets.freq(itemset);
        const freqUnion = table.freqUnionAt(table.find(itemset));
        for (const rule of this.#live.descriptions.withRedundant(itemset)) {
          yield { rule, entitlement: name, freq, freqUnion };
        }
      }
    }
  }

  *predictions(): Generator<PairScoreRow> {
    for (const row of this.#heldRows()) {
      const target = this.#computeRow(row);
      if (target.kind === PREDICTION) yield { ...this.#company.namesOf(row), score: this.#score(target) };
    }
  }

  *recommendations(): Generator<PairScoreRow> {
    const { identities, catalog, pairs } = this.#company;
    const { target } = this.#live;
    for (let entitlement = 0; entitlement < catalog.size; entitlement++) {
      for (const user of this.#candidates(entitlement)) {
        target.compute(user, entitlement, pairs.find(user, entitlement), "exact");
        if (target.kind !== RECOMMENDATION) continue;
        yield {
          user: identities.names.textOf(user),
          entitlement: catalog.names.textOf(entitlement),
          score: this.#score(target),
        };
      }
    }
  }

  *flags(): Generator<PairFlagsRow> {
    for (const row of this.#heldRows()) {
      const flags = flagsOf(this.#computeRow(row).flags);
      if (flags.length > 0) yield { ...this.#company.namesOf(row), flags };
    }
  }

  *#heldRows(): Generator<number> {
    const { pairs } = this.#company;
    for (let row = 0; row < pairs.size; row++) if (pairs.isLive(row) && pairs.isHeld(row)) yield row;
  }

  #computeRow(row: number): Target {
    const { pairs } = this.#company;
    this.#live.target.compute(pairs.userOf(row), pairs.entitlementOf(row), row, "exact");
    return this.#live.target;
  }

  /** Members of the itemsets whose exact confidence reaches the threshold. */
  #candidates(entitlement: number): Set<number> {
    const { counters } = this.#live;
    const { recommendThreshold } = this.#company.policy.of(entitlement);
    const table = counters.table(entitlement);
    const users = new Set<number>();
    for (const itemset of table.itemsets()) {
      const freqUnion = table.freqUnionAt(table.find(itemset));
      if (!reaches(freqUnion, counters.itemsets.freq(itemset), recommendThreshold)) continue;
      for (const user of counters.itemsets.members.toArray(itemset)) users.add(user);
    }
    return users;
  }

  #score(target: Target): Score {
    const rule = this.#live.descriptions.of(target.itemset);
    const { freqUnion, freq, verdict } = target;
    return { rule, freqUnion, freq, band: bandOf(verdict), reason: reasonOf(verdict) };
  }
}

/** What consumers were told: the sum of all deltas. `winnerItems` gives the rule of a row. */
export function publishedView(company: Company, winnerItems: (row: number) => readonly number[]): View {
  const { pairs, items } = company;
  const predictions: PairScoreRow[] = [];
  const recommendations: PairScoreRow[] = [];
  const flags: PairFlagsRow[] = [];
  for (let row = 0; row < pairs.size; row++) {
    if (!pairs.isLive(row)) continue;
    const names = company.namesOf(row);
    if (pairs.flagsOf(row) !== 0) flags.push({ ...names, flags: flagsOf(pairs.flagsOf(row)) });
    if (pairs.publishedOf(row) === NOTHING) continue;
    const verdict = pairs.verdictOf(row);
    const score: Score = {
      rule: winnerItems(row).map((item) => items.describe(item)),
      freqUnion: pairs.freqUnionOf(row),
      freq: pairs.freqOf(row),
      band: bandOf(verdict),
      reason: reasonOf(verdict),
    };
    (pairs.publishedOf(row) === PREDICTION ? predictions : recommendations).push({ ...names, score });
  }
  return { itemsets: [], rules: [], predictions, recommendations, flags };
}

/** The evidence of every rule as consumers may know it. */
export function* publishedEvidence(company: Company, live: Live): Generator<RuleRow> {
  for (const [entitlement, table] of live.counters.tables.entries()) {
    const name = company.catalog.names.textOf(entitlement);
    for (const itemset of table.itemsets()) {
      const slot = table.find(itemset);
      const freq = table.slots[slot + PUBLISHED_FREQ]!;
      const freqUnion = table.slots[slot + PUBLISHED_UNION]!;
      for (const rule of live.descriptions.withRedundant(itemset)) yield { rule, entitlement: name, freq, freqUnion };
    }
  }
}
