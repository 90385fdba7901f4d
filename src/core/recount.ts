/**
 * The oracle: the tables in, the whole view out. Slow and obvious on purpose; it shares no code with the counters and
 * is what property tests and `verify` hold the engine against.
 *  1. `recount` is a pure function of (Tables, Settings).
 *  2. `recountFromEvidence` makes the same choices from given numbers instead of the counted ones.
 *  3. All comparisons are exact.
 */
import { AppError } from "../errors.ts";
import type { Flag, Item, NotScoredReason, Score } from "../events/delta.ts";
import { atLeast, bandOf, type Candidate, choose, type Evidence } from "./recount-choice.ts";
import { Itemsets } from "./recount-itemsets.ts";
import { type EntitlementPolicy, policyOf } from "./recount-policy.ts";
import { type Settings, UNKNOWN_IDENTITY_GRACE_MS } from "./settings.ts";
import type {
  AssignmentRow,
  EntitlementRow,
  IdentityRow,
  PairFlagsRow,
  PairScoreRow,
  RuleRow,
  Tables,
  View,
} from "./tables.ts";

const MS_PER_MINUTE = 60_000;
const MS_PER_DAY = 86_400_000;

/** A rule with the numbers that consumers' records rest on. */
export interface RuleEvidence {
  readonly rule: readonly Item[];
  readonly entitlement: string;
  readonly freqUnion: number;
  readonly freq: number;
}

/** The rules of one entitlement, by the number of their itemset. */
type Rules = ReadonlyMap<number, Evidence>;

/** The whole exact view. */
export function recount(tables: Tables, settings: Settings): View {
  const company = new Company(tables, settings, []);
  return company.view((entitlement) => company.countRules(entitlement));
}

/**
 * The target view: scores, recommendations and flags chosen with these numbers only, never a mix with counted ones.
 * Itemsets are the counted ones; whether a group is too small is judged on counted freq.
 */
export function recountFromEvidence(tables: Tables, settings: Settings, evidence: Iterable<RuleEvidence>): View {
  const given = [...evidence];
  const company = new Company(tables, settings, given);
  const rules = new Map<string, Map<number, Evidence>>();
  for (const { rule, entitlement, freqUnion, freq } of given) {
    const ofEntitlement = rules.get(entitlement) ?? new Map<number, Evidence>();
    rules.set(entitlement, ofEntitlement.set(company.itemsets.numberOf(rule), { freqUnion, freq }));
  }
  return company.view((entitlement) => rules.get(entitlement.row.entitlement) ?? new Map());
}

interface Person {
  readonly row: IdentityRow;
  /** All itemsets of the person's items. */
  readonly itemsets: readonly number[];
  readonly previousItemsets: readonly number[];
}

interface Entitlement {
  readonly row: EntitlementRow;
  readonly policy: EntitlementPolicy;
  /** Held assignments, of identities of any state. */
  readonly held: AssignmentRow[];
}

/** The tables, indexed. */
class Company {
  readonly itemsets: Itemsets;
  readonly #settings: Settings;
  readonly #nowMs: number;
  readonly #identities = new Map<string, IdentityRow>();
  readonly #active = new Map<string, Person>();
  readonly #entitlements = new Map<string, Entitlement>();
  /** By itemset: the active identities whose items include it. */
  readonly #members: Person[][] = [];

  constructor(tables: Tables, settings: Settings, evidence: readonly RuleEvidence[]) {
    checkExactness(tables.identities.length, settings);
    this.#settings = settings;
    this.#nowMs = tables.clockMinute * MS_PER_MINUTE;
    this.itemsets = new Itemsets([
      ...tables.identities.flatMap((identity) => [...identity.items, ...identity.previousItems]),
      ...evidence.flatMap(({ rule }) => rule),
    ]);
    for (const row of tables.identities) this.#addIdentity(row);
    for (const row of tables.entitlements) {
      this.#entitlements.set(row.entitlement, { row, policy: policyOf(row, settings), held: [] });
    }
    for (const row of tables.assignments) {
      if (row.held) this.#entitlements.get(row.entitlement)!.held.push(row);
    }
  }

  #addIdentity(row: IdentityRow): void {
    this.#identities.set(row.user, row);
    if (row.state !== "active") return;
    const lengthMax = this.#settings.maxRuleLength;
    const person = {
      row,
      itemsets: this.itemsets.subsets(row.items, lengthMax),
      previousItemsets: this.itemsets.subsets(row.previousItems, lengthMax),
    };
    this.#active.set(row.user, person);
    for (const itemset of person.itemsets) {
      const members = this.#members[itemset];
      if (members === undefined) this.#members[itemset] = [person];
      else members.push(person);
    }
  }

  #freq(itemset: number): number {
    return this.#members[itemset]?.length ?? 0;
  }

  countRules(entitlement: Entitlement): Rules {
    const rules = new Map<number, Evidence>();
    if (!entitlement.policy.isLearned) return rules;
    const counts = new Map<number, number>();
    for (const assignment of entitlement.held) {
      const person = this.#active.get(assignment.user);
      if (person === undefined || !this.#teaches(assignment, person)) continue;
      for (const itemset of person.itemsets) counts.set(itemset, (counts.get(itemset) ?? 0) + 1);
    }
    for (const [itemset, freqUnion] of counts) {
      if (freqUnion >= entitlement.policy.minSupport) rules.set(itemset, { freqUnion, freq: this.#freq(itemset) });
    }
    return rules;
  }

  #teaches(assignment: AssignmentRow, person: Person): boolean {
    const { sources, kinds } = this.#settings.learningExclude;
    const isSourceExcluded = assignment.source !== null && sources.includes(assignment.source);
    return !isSourceExcluded && !(person.row.kind !== null && kinds.includes(person.row.kind));
  }

  view(rulesOf: (entitlement: Entitlement) => Rules): View {
    const rules: RuleRow[] = [];
    const predictions: PairScoreRow[] = [];
    const recommendations: PairScoreRow[] = [];
    const flags: PairFlagsRow[] = [];
    for (const entitlement of this.#entitlements.values()) {
      const ofEntitlement = rulesOf(entitlement);
      const name = entitlement.row.entitlement;
      for (const [itemset, evidence] of ofEntitlement) {
        rules.push({ rule: this.itemsets.items(itemset), entitlement: name, ...evidence });
      }
      for (const assignment of entitlement.held) {
        const person = this.#active.get(assignment.user);
        const score = person === undefined ? null : this.#score(person.itemsets, entitlement, ofEntitlement);
        if (score !== null) predictions.push({ user: assignment.user, entitlement: name, score });
        const raised = this.#flags(assignment, entitlement, ofEntitlement, score);
        if (raised.length > 0) flags.push({ user: assignment.user, entitlement: name, flags: raised });
      }
      recommendations.push(...this.#recommend(entitlement, ofEntitlement));
    }
    return { itemsets: this.#frequentItemsets(), rules, predictions, recommendations, flags };
  }

  #frequentItemsets(): View["itemsets"] {
    return Array.from({ length: this.itemsets.size }, (_, itemset) => itemset)
      .filter((itemset) => this.#freq(itemset) >= this.#settings.minSupport)
      .map((itemset) => ({ items: this.itemsets.items(itemset), freq: this.#freq(itemset) }));
  }

  #choose(itemsets: readonly number[], rules: Rules): Candidate | null {
    const candidates: Candidate[] = [];
    for (const itemset of itemsets) {
      const evidence = rules.get(itemset);
      if (evidence !== undefined) candidates.push({ itemset, members: this.itemsets.members(itemset), ...evidence });
    }
    return choose(candidates, this.#settings.confidenceWindow);
  }

  #score(itemsets: readonly number[], entitlement: Entitlement, rules: Rules): Score {
    const chosen = this.#choose(itemsets, rules);
    if (chosen === null) {
      return { rule: [], freqUnion: 0, freq: 0, band: null, reason: this.#reason(itemsets, entitlement) };
    }
    const { itemset, freqUnion, freq } = chosen;
    return { rule: this.itemsets.items(itemset), freqUnion, freq, band: bandOf(chosen, this.#settings), reason: null };
  }

  #reason(itemsets: readonly number[], { policy }: Entitlement): NotScoredReason {
    if (!policy.isLearned) return "entitlement-excluded";
    if (itemsets.length === 0) return "no-attributes";
    const items = itemsets.filter((itemset) => this.itemsets.members(itemset).length === 1);
    return items.every((item) => this.#freq(item) < policy.minSupport) ? "group-too-small" : "too-few-holders";
  }

  #recommend(entitlement: Entitlement, rules: Rules): PairScoreRow[] {
    const { policy, held, row } = entitlement;
    if (!policy.isRecommended || this.#isBirthright(entitlement)) return [];
    const holders = new Set(held.map(({ user }) => user));
    const matched = new Set<Person>();
    for (const [itemset, evidence] of rules) {
      if (!atLeast(evidence, policy.recommendThreshold)) continue;
      for (const person of this.#members[itemset] ?? []) matched.add(person);
    }
    const found: PairScoreRow[] = [];
    for (const { row: identity, itemsets } of matched) {
      if (holders.has(identity.user)) continue;
      if (identity.kind !== null && this.#settings.recommendExclude.kinds.includes(identity.kind)) continue;
      const score = this.#score(itemsets, entitlement, rules);
      if (!atLeast(score, policy.recommendThreshold)) continue;
      found.push({ user: identity.user, entitlement: row.entitlement, score });
    }
    return found;
  }

  #isBirthright({ held }: Entitlement): boolean {
    const share = this.#settings.birthrightAbove;
    if (share === null) return false;
    const holders = held.filter(({ user }) => this.#active.has(user)).length;
    return holders * share.denominator > share.numerator * this.#active.size;
  }

  #flags(assignment: AssignmentRow, entitlement: Entitlement, rules: Rules, score: Score | null): Flag[] {
    const flags: Flag[] = [];
    if (score?.band === "low") flags.push({ flag: "outlier", type: "low" });
    if (score?.reason === "too-few-holders") flags.push({ flag: "outlier", type: "rare" });
    if (this.#isOrphaned(assignment)) flags.push({ flag: "orphaned" });
    if (score !== null && this.#isResidue(assignment, entitlement, rules, score))
      flags.push({ flag: "residue-of-move" });
    const lastUsedAt = assignment.lastUsedAt ?? assignment.memberAt;
    if (lastUsedAt + this.#settings.unusedAfterDays * MS_PER_DAY < this.#nowMs) flags.push({ flag: "stale-unused" });
    if (assignment.expiresAt !== null && assignment.expiresAt <= this.#nowMs) flags.push({ flag: "expired" });
    return flags;
  }

  #isOrphaned({ user, memberAt }: AssignmentRow): boolean {
    const state = this.#identities.get(user)?.state ?? "unknown";
    if (state === "unknown") return memberAt + UNKNOWN_IDENTITY_GRACE_MS <= this.#nowMs;
    return state === "removed";
  }

  #isResidue({ user, memberAt }: AssignmentRow, entitlement: Entitlement, rules: Rules, score: Score): boolean {
    const { row, previousItemsets } = this.#active.get(user)!;
    if (row.itemsChangedAt === null || memberAt >= row.itemsChangedAt) return false;
    if (!isWeak(score) || score.reason === "entitlement-excluded") return false;
    return !isWeak(this.#score(previousItemsets, entitlement, rules));
  }
}

function isWeak({ band }: Score): boolean {
  return band === null || band === "low";
}

function checkExactness(people: number, settings: Settings): void {
  const fractions = [
    settings.confidenceWindow,
    settings.recommendThreshold,
    settings.bandHigh,
    settings.bandMedium,
    settings.materiality,
    ...settings.overrides.flatMap(({ recommendThreshold }) => recommendThreshold ?? []),
  ];
  const denominator = Math.max(...fractions.map((fraction) => fraction.denominator));
  if (people * people * denominator <= Number.MAX_SAFE_INTEGER) return;
  throw new AppError("config", `${people} people cannot be compared exactly in fractions of ${denominator}`);
}
