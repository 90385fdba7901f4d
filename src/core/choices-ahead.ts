/**
 * Choices that another thread made (choosing.ts) before their pairs are looked at. It begins with the entitlements that
 * will be looked at last, and meets those who look in the middle.
 *
 *  1. An entitlement is given away, and its choices are taken, only while its rule table is as it was when the basis was
 *     copied. Then the itemsets of a user that did not move hold all of its rules: a later itemset has none there.
 *  2. Of a user that moved or came since then no choice is taken. What it holds, and what strong rules recommend to it, was
 *     looked at in the step in which it did, and is marked when it is counted later (`Live`).
 *  3. All others whom the entitlement concerns had a row when it was given away, or were members of its strong rules, until
 *     somebody is marked besides.
 */
import type { Choices, ChoosingBasis, ChoosingTask } from "./choosing.ts";
import type { Company } from "./company.ts";
import type { Counters } from "./counters.ts";
import { rankingPays } from "./ranking.ts";
import type { Fraction } from "./settings.ts";

/** No table has it. */
const WITHDRAWN = -1;

export class ChoicesAhead {
  readonly #company: Company;
  readonly #counters: Counters;
  readonly #window: Fraction;
  /** null: there is none. */
  #basis: number | null = null;
  /** Entitlements that may still be given away. */
  #left: number[] = [];
  /** By entitlement: the version of its table when the basis was copied, or WITHDRAWN. */
  #versions: number[] = [];
  readonly #choices: Map<number, Choices> = new Map();
  readonly #moved: Set<number> = new Set();

  constructor(company: Company, counters: Counters, window: Fraction) {
    this.#company = company;
    this.#counters = counters;
    this.#window = window;
  }

  /** `entitlements`: in the order in which they will be looked at. */
  begin(basis: number, entitlements: readonly number[]): ChoosingBasis {
    const { tables, itemsets } = this.#counters;
    this.end();
    this.#basis = basis;
    this.#left = [...entitlements];
    this.#versions = tables.map(({ version }) => version);
    return {
      basis,
      sets: itemsets.sets.columns(),
      members: itemsets.members.columns(),
      itemsets: itemsets.columns(),
      itemRanks: this.#company.items.featureRanks(),
      window: this.#window,
    };
  }

  /** `isLeft`: whether an entitlement is still to be looked at as a whole. */
  next(isLeft: (entitlement: number) => boolean): ChoosingTask | null {
    for (let left = this.#left.pop(); left !== undefined; left = this.#left.pop()) {
      const rows = this.#company.pairs.rowsOf(left);
      const { slots, size } = this.#counters.table(left);
      if (!isLeft(left) || !this.#isAsCopied(left) || !rankingPays(rows.size, size)) continue;
      return {
        basis: this.#basis!,
        entitlement: left,
        recommendThreshold: this.#company.policy.of(left).recommendThreshold,
        inRows: rows.users(),
        usersMax: this.#company.identities.size,
        slots,
        rules: size,
      };
    }
    return null;
  }

  take(choices: Choices): void {
    const { basis, entitlement } = choices;
    if (basis === this.#basis && this.#isAsCopied(entitlement)) this.#choices.set(entitlement, choices);
  }

  /** Users of the entitlement were marked besides, or it has been looked at. */
  withdraw(entitlement: number): void {
    this.#choices.delete(entitlement);
    if (this.#basis !== null) this.#versions[entitlement] = WITHDRAWN;
  }

  leaveOut(users: readonly number[]): void {
    if (this.#basis !== null) for (const user of users) this.#moved.add(user);
  }

  /** null: none are known. */
  of(entitlement: number): ChoiceReader | null {
    const choices = this.#choices.get(entitlement);
    return choices !== undefined && this.#isAsCopied(entitlement) ? new ChoiceReader(choices, this.#moved) : null;
  }

  /** Everything has been looked at. */
  end(): void {
    this.#basis = null;
    this.#left = [];
    this.#versions = [];
    this.#choices.clear();
    this.#moved.clear();
  }

  #isAsCopied(entitlement: number): boolean {
    return this.#counters.tables[entitlement]?.version === this.#versions[entitlement];
  }
}

/** For somebody who asks for users in ascending order. */
export class ChoiceReader {
  readonly choices: Choices;
  readonly #moved: ReadonlySet<number>;
  #at = 0;

  constructor(choices: Choices, moved: ReadonlySet<number>) {
    this.choices = choices;
    this.#moved = moved;
  }

  /** The place of the user in the columns of the choices, or -1. */
  find(user: number): number {
    const { users } = this.choices;
    while (this.#at < users.length && users[this.#at]! < user) this.#at++;
    if (users[this.#at] !== user) return -1;
    return this.#moved.size > 0 && this.#moved.has(user) ? -1 : this.#at;
  }
}
