/**
 * Finding all users of an entitlement, and choosing for them, from copies of what it takes, so that another thread may do
 * it while everything is looked at after a start. By published evidence only. What comes of it counts for as long as
 * nothing that was copied has changed (choices-ahead.ts).
 */
import { Everyone } from "./everyone.ts";
import { type PairFloors, pairFloors } from "./floors.ts";
import type { IntListColumns } from "./int-lists.ts";
import { compareItemsets, type ItemsetColumns } from "./itemset-order.ts";
import { Ranking } from "./ranking.ts";
import { PUBLISHED_FREQ, PUBLISHED_UNION, type RuleFloors, RuleTable } from "./rule-tables.ts";
import type { Fraction } from "./settings.ts";

export interface ChoosingBasis {
  /** Names the copy; tasks and choices that belong to it have the same number. */
  readonly basis: number;
  /** By user: its itemsets, as far as they have rules; by itemset that has rules: its members. */
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

/** Floors are those of all users with a choice: not above what they would be of those that are told one. */
export interface Choices extends RuleFloors {
  readonly basis: number;
  readonly entitlement: number;
  /** All whom the entitlement concerns (everyone.ts), ascending. */
  readonly users: Int32Array;
  /** By place in `users`: offsets of the chosen rule and of the best one in the table; -1: no rule applies. */
  readonly chosen: Int32Array;
  readonly best: Int32Array;
  /** 1: see `Choice.secure`. */
  readonly secure: Uint8Array;
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
    const chosen = new Int32Array(users.length).fill(-1);
    const best = new Int32Array(users.length).fill(-1);
    const secure = new Uint8Array(users.length);
    ranking.make(slots, rules);
    for (let i = 0; i < users.length; i++) {
      const user = users[i]!;
      const from = start[user] ?? 0;
      if (!ranking.choose(pool, from, from + (length[user] ?? 0))) continue;
      chosen[i] = ranking.chosen;
      best[i] = ranking.best;
      secure[i] = ranking.secure ? 1 : 0;
      ranking.lowerFloors(this.#floorsOf(slots));
    }
    return { basis, entitlement, users, chosen, best, secure, ...ranking.takeFloors() };
  }

  /** Of the pair that was chosen for last. */
  #floorsOf(slots: Int32Array): PairFloors {
    const { secure, chosen, best } = this.#ranking;
    const evidence = {
      secure,
      freqUnion: slots[chosen + PUBLISHED_UNION]!,
      freq: slots[chosen + PUBLISHED_FREQ]!,
      bestUnion: slots[best + PUBLISHED_UNION]!,
      bestFreq: slots[best + PUBLISHED_FREQ]!,
    };
    return pairFloors(evidence, this.#basis.window);
  }
}
