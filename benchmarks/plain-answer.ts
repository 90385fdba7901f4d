/**
 * The whole answer, counted plainly from the tables into flat arrays: fits companies for which the oracle is too large, and
 * shares no code with the engine. For one-valued attributes and settings without exclusions and overrides only.
 */
import type { Fraction, Settings } from "../src/core/settings.ts";
import type { RuleRow, Tables } from "../src/core/tables.ts";
import type { Item } from "../src/events/delta.ts";
import { type AnswerDigest, Codes, RowDigest } from "./digest.ts";

const MAP_SHARDS = 64;

/** The people, their itemsets and what they hold. Users are active identities, in the order of the tables. */
export class PlainAnswer {
  readonly codes: Codes;
  readonly #settings: Settings;
  readonly #entitlements: readonly string[];
  /** Itemsets of user u: from `#setsFrom[u]`, shorter ones first, then by their items. */
  readonly #setsFrom: Uint32Array;
  readonly #sets: Int32Array;
  readonly #rules: number[][] = [];
  readonly #freq: Int32Array;
  /** Users of itemset s: from `#membersFrom[s]`. */
  readonly #membersFrom: Uint32Array;
  readonly #members: Int32Array;
  /** By entitlement: the users that hold it. */
  readonly #holders: readonly number[][];
  readonly #unions: Int32Array;
  readonly #freqs: Int32Array;
  readonly #setOfKey: readonly Map<number, number>[] = Array.from({ length: MAP_SHARDS }, () => new Map());
  readonly #base: number;

  constructor(tables: Tables, settings: Settings) {
    this.#settings = settings;
    const active = tables.identities.filter(({ state }) => state === "active");
    this.#entitlements = tables.entitlements.map(({ entitlement }) => entitlement);
    const names = new Map<string, Item>();
    for (const { items } of active) for (const item of items) names.set(`${item.attribute}\u0000${item.value}`, item);
    this.#base = names.size + 1;
    this.codes = new Codes(
      active.map(({ user }) => user),
      this.#entitlements,
      [...names.values()],
    );
    this.#setsFrom = new Uint32Array(active.length + 1);
    const sets: number[] = [];
    for (const [user, { items }] of active.entries()) {
      const codes = items.map((item) => this.codes.item(item)).sort((a, b) => a - b);
      for (const rule of subsets(codes, settings.maxRuleLength)) sets.push(this.#setOf(rule));
      this.#setsFrom[user + 1] = sets.length;
    }
    this.#sets = Int32Array.from(sets);
    this.#freq = new Int32Array(this.#rules.length);
    for (const set of sets) this.#freq[set]! += 1;
    [this.#membersFrom, this.#members] = this.#listMembers(active.length);
    this.#holders = this.#listHolders(tables, new Map(active.map(({ user }, index) => [user, index])));
    this.#unions = new Int32Array(this.#rules.length);
    this.#freqs = new Int32Array(this.#rules.length);
  }

  /** By exact counts. */
  exact(): AnswerDigest {
    const { minSupport } = this.#settings;
    const itemsets = new RowDigest();
    for (const [set, rule] of this.#rules.entries()) {
      if (this.#freq[set]! >= minSupport) itemsets.add([this.#freq[set]!, ...rule]);
    }
    const rules = new RowDigest();
    const answer = this.#choose((entitlement) => {
      const counted = this.#count(entitlement);
      for (const set of counted) {
        const union = this.#unions[set]!;
        if (union >= minSupport) rules.add([entitlement, union, this.#freqs[set]!, ...this.#rules[set]!]);
      }
      return counted;
    });
    return { itemsets: String(itemsets), rules: String(rules), ...answer };
  }

  /** By these numbers only; they must come ordered by entitlement, as the tables are. */
  fromEvidence(evidence: Iterable<RuleRow>): Pick<AnswerDigest, "predictions" | "recommendations" | "notScored"> {
    const rows = evidence[Symbol.iterator]();
    let next = rows.next();
    return this.#choose((entitlement) => {
      const told: number[] = [];
      for (; next.done !== true && next.value.entitlement === this.#entitlements[entitlement]; next = rows.next()) {
        const { rule, freqUnion, freq } = next.value;
        const set = this.#setOf(this.codes.rule(rule));
        this.#unions[set] = freqUnion;
        this.#freqs[set] = freq;
        told.push(set);
      }
      return told;
    });
  }

  /** `evidenceOf` fills the numbers of an entitlement and returns the itemsets that it filled. */
  #choose(
    evidenceOf: (entitlement: number) => number[],
  ): Pick<AnswerDigest, "predictions" | "recommendations" | "notScored"> {
    const [predictions, recommendations] = [new RowDigest(), new RowDigest()];
    let notScored = 0;
    for (const [entitlement, holders] of this.#holders.entries()) {
      this.#unions.fill(0);
      const told = evidenceOf(entitlement);
      for (const set of told) if (this.#unions[set]! < this.#settings.minSupport) this.#unions[set] = 0;
      for (const user of holders) {
        const chosen = this.#chooseFor(user);
        if (chosen === -1) notScored += 1;
        else predictions.add(this.#row(user, entitlement, chosen));
      }
      for (const user of this.#reached(told, holders)) {
        const chosen = this.#chooseFor(user);
        if (this.#isStrong(chosen)) recommendations.add(this.#row(user, entitlement, chosen));
      }
    }
    return { predictions: String(predictions), recommendations: String(recommendations), notScored };
  }

  #count(entitlement: number): number[] {
    const seen: number[] = [];
    for (const user of this.#holders[entitlement]!) {
      for (let at = this.#setsFrom[user]!; at < this.#setsFrom[user + 1]!; at += 1) {
        const set = this.#sets[at]!;
        if (this.#unions[set] === 0) seen.push(set);
        this.#unions[set]! += 1;
        this.#freqs[set] = this.#freq[set]!;
      }
    }
    return seen;
  }

  /** The chosen itemset, or -1. */
  #chooseFor(user: number): number {
    const [from, to] = [this.#setsFrom[user]!, this.#setsFrom[user + 1]!];
    let [unionMax, freqMax] = [0, 1];
    for (let at = from; at < to; at += 1) {
      const set = this.#sets[at]!;
      if (this.#unions[set]! * freqMax > unionMax * this.#freqs[set]!)
        [unionMax, freqMax] = [this.#unions[set]!, this.#freqs[set]!];
    }
    if (unionMax === 0) return -1;
    const { numerator, denominator } = this.#settings.confidenceWindow;
    let chosen = -1;
    for (let at = from; at < to; at += 1) {
      const set = this.#sets[at]!;
      const [union, freq] = [this.#unions[set]!, this.#freqs[set]!];
      if (union === 0) continue;
      if (union * freqMax * denominator < (unionMax * denominator - numerator * freqMax) * freq) continue;
      const best = chosen === -1 ? 0 : this.#unions[chosen]!;
      if (union > best || (union === best && freq < this.#freqs[chosen]!)) chosen = set;
    }
    return chosen;
  }

  /** Users that do not hold the entitlement and that a rule at or above the threshold applies to. */
  #reached(told: readonly number[], holders: readonly number[]): Set<number> {
    const users = new Set<number>();
    for (const set of told) {
      if (!this.#isStrong(set)) continue;
      for (let at = this.#membersFrom[set]!; at < this.#membersFrom[set + 1]!; at += 1) users.add(this.#members[at]!);
    }
    for (const user of holders) users.delete(user);
    return users;
  }

  #isStrong(set: number): boolean {
    return set !== -1 && reaches(this.#unions[set]!, this.#freqs[set]!, this.#settings.recommendThreshold);
  }

  #row(user: number, entitlement: number, set: number): number[] {
    return [user, entitlement, this.#unions[set]!, this.#freqs[set]!, ...this.#rules[set]!];
  }

  #setOf(rule: readonly number[]): number {
    const key = (rule[0]! * this.#base + rule[1]!) * this.#base + rule[2]!;
    const shard = this.#setOfKey[key % MAP_SHARDS]!;
    let set = shard.get(key);
    if (set === undefined) shard.set(key, (set = this.#rules.push([...rule]) - 1));
    return set;
  }

  #listMembers(users: number): [Uint32Array, Int32Array] {
    const from = new Uint32Array(this.#rules.length + 1);
    for (const [set, freq] of this.#freq.entries()) from[set + 1] = from[set]! + freq;
    const next = from.slice();
    const members = new Int32Array(this.#sets.length);
    for (let user = 0; user < users; user += 1) {
      for (let at = this.#setsFrom[user]!; at < this.#setsFrom[user + 1]!; at += 1)
        members[next[this.#sets[at]!]!++] = user;
    }
    return [from, members];
  }

  #listHolders(tables: Tables, users: ReadonlyMap<string, number>): number[][] {
    const holders: number[][] = this.#entitlements.map(() => []);
    for (const { user, entitlement, held } of tables.assignments) {
      const index = users.get(user);
      if (held && index !== undefined) holders[this.codes.entitlement(entitlement)]!.push(index);
    }
    return holders;
  }
}

/** One to `lengthMax` (at most 3) of the codes, in order of the tie-break, padded with zeros. */
function* subsets(codes: readonly number[], lengthMax: number): Generator<readonly [number, number, number], void> {
  for (const a of codes) yield [a, 0, 0];
  if (lengthMax < 2) return;
  for (const [i, a] of codes.entries()) for (const b of codes.slice(i + 1)) yield [a, b, 0];
  if (lengthMax < 3) return;
  for (const [i, a] of codes.entries()) {
    for (const [j, b] of codes.entries()) if (j > i) for (const c of codes.slice(j + 1)) yield [a, b, c];
  }
}

const reaches = (union: number, freq: number, { numerator, denominator }: Fraction): boolean =>
  union > 0 && union * denominator >= numerator * freq;
