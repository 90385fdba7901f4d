/** Whom an entitlement concerns at all: who has a row with it, and the members of its strong rules. */
import type { IntListColumns } from "./int-lists.ts";
import { reaches } from "./materiality.ts";
import { PUBLISHED_FREQ, PUBLISHED_UNION, RULE_WIDTH, type RuleTable } from "./rule-tables.ts";
import type { Fraction } from "./settings.ts";
import { Sweep } from "./sweep.ts";

export class Everyone {
  readonly #sweep: Sweep = new Sweep();
  readonly #parentOf: (itemset: number) => number;
  /** By itemset. */
  readonly #members: IntListColumns;

  constructor(parentOf: (itemset: number) => number, members: IntListColumns) {
    this.#parentOf = parentOf;
    this.#members = members;
  }

  /** The users in ascending order. All users are below `usersMax`; `inRows`: who has a row. */
  of(usersMax: number, inRows: Int32Array, table: RuleTable, recommendThreshold: Fraction): Int32Array {
    this.#sweep.begin(usersMax);
    for (const user of inRows) this.#sweep.meet(user);
    const { slots } = table;
    const isStrong = (at: number): boolean =>
      at !== -1 && reaches(slots[at + PUBLISHED_UNION]!, slots[at + PUBLISHED_FREQ]!, recommendThreshold);
    for (let at = 0; at < slots.length; at += RULE_WIDTH) {
      if (slots[at] === 0 || !isStrong(at)) continue;
      const parent = this.#parentOf(slots[at]! - 1);
      // Members of an itemset are members of its parent.
      if (parent === -1 || !isStrong(table.find(parent))) this.#meetMembers(slots[at]! - 1);
    }
    return this.#sweep.users();
  }

  #meetMembers(itemset: number): void {
    const { pool, start, length } = this.#members;
    const from = start[itemset] ?? 0;
    const end = from + (length[itemset] ?? 0);
    for (let at = from; at < end; at++) this.#sweep.meet(pool[at]!);
  }
}
