/**
 * Finding all users of an entitlement, and choosing for them, apart from the engine, so that another thread may do it while
 * everything is looked at after a start. By published evidence only. People and itemsets are copies; a rule table may be
 * the live one (shared memory) and change while it is read. So whatever is read here of a table must change its `version`,
 * and what comes of it counts only while that is what it was (choices-ahead.ts).
 */
import { Everyone } from "./everyone.ts";
import type { IntListColumns } from "./int-lists.ts";
import { compareItemsets, type ItemsetColumns } from "./itemset-order.ts";
import { Ranking } from "./ranking.ts";
import { type RuleNotes, RuleTable } from "./rule-tables.ts";
import type { Fraction } from "./settings.ts";

export interface ChoosingBasis {
  /** Names the copy; tasks and choices that belong to it have the same number. */
  readonly basis: number;
  /** By user: its itemsets; by itemset: its members. */
  readonly sets: IntListColumns;
  readonly members: IntListColumns;
  readonly itemsets: ItemsetColumns;
  /** By item: its place in the order of items. */
  readonly itemRanks: Int32Array;
  readonly window: Fraction;
}

export interface ChoosingTask {
  readonly basis: number;
  readonly entitlement: number;
  readonly recommendThreshold: Fraction;
  /** Who has a row with it, some perhaps that came after the basis. All users are below `usersMax`. */
  readonly inRows: Int32Array;
  readonly usersMax: number;
  /** Of the rule table of the entitlement, and how many rules there are. */
  readonly slots: Int32Array;
  readonly rules: number;
}

export interface Choices {
  readonly basis: number;
  readonly entitlement: number;
  /** All whom the entitlement concerns (everyone.ts), ascending. */
  readonly users: Int32Array;
  /** By place in `users`: see `Choice`; -1 instead of an itemset: no rule applies. */
  readonly itemsets: Int32Array;
  readonly freqUnions: Int32Array;
  readonly freqs: Int32Array;
  readonly bestUnions: Int32Array;
  readonly bestFreqs: Int32Array;
  /** 1: secure. */
  readonly secure: Uint8Array;
  /** Of all users with a choice: they promise no more than those of the pairs that will be told one. */
  readonly notes: RuleNotes;
}

export class Chooser {
  readonly #basis: ChoosingBasis;
  readonly #ranking: Ranking;
  readonly #everyone: Everyone;

  constructor(basis: ChoosingBasis) {
    this.#basis = basis;
    const { itemsets, itemRanks, window } = basis;
    const compareItems = (a: number, b: number): number => itemRanks[a]! - itemRanks[b]!;
    this.#ranking = new Ranking((a, b) => compareItemsets(itemsets, compareItems, a, b), window);
    this.#everyone = new Everyone((itemset) => itemsets.parent[itemset]!, basis.members);
  }

  choose({ basis, entitlement, recommendThreshold, inRows, usersMax, slots, rules }: ChoosingTask): Choices {
    const { pool, start, length } = this.#basis.sets;
    const users = this.#everyone.of(usersMax, inRows, RuleTable.of(slots, rules), recommendThreshold);
    const ranking = this.#ranking;
    const itemsets = new Int32Array(users.length).fill(-1);
    const freqUnions = new Int32Array(users.length);
    const freqs = new Int32Array(users.length);
    const bestUnions = new Int32Array(users.length);
    const bestFreqs = new Int32Array(users.length);
    const secure = new Uint8Array(users.length);
    ranking.make(slots, rules);
    for (let i = 0; i < users.length; i++) {
      const user = users[i]!;
      const from = start[user] ?? 0;
      if (!ranking.choose(pool, from, from + (length[user] ?? 0))) continue;
      itemsets[i] = ranking.itemset;
      freqUnions[i] = ranking.freqUnion;
      freqs[i] = ranking.freq;
      bestUnions[i] = ranking.bestUnion;
      bestFreqs[i] = ranking.bestFreq;
      secure[i] = ranking.secure ? 1 : 0;
      ranking.note();
    }
    const evidence = { itemsets, freqUnions, freqs, bestUnions, bestFreqs, secure };
    return { basis, entitlement, users, ...evidence, notes: ranking.takeNotes() };
  }
}
