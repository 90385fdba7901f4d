/**
 * Pairs whose flags look at their user's previous items: rules other than those of the present items matter to them.
 * There are more of them with everybody who ever moved, so which of them a changed rule concerns is seen from a few bits
 * for nearly all.
 */
import type { Identities } from "./identities.ts";
import { IntLists } from "./int-lists.ts";
import { ItemMarks } from "./item-marks.ts";
import type { Itemsets } from "./itemsets.ts";

export class Watching {
  /** By entitlement, ascending. */
  readonly #users: IntLists = new IntLists();
  readonly #identities: Identities;
  /** Of the itemsets at hand. */
  readonly #marks: ItemMarks = new ItemMarks();

  constructor(identities: Identities) {
    this.#identities = identities;
  }

  set(user: number, entitlement: number, watches: boolean): void {
    if (watches) this.#users.insert(entitlement, user);
    else this.#users.remove(entitlement, user);
  }

  /** Calls `meet` for everyone who watches the entitlement and whose previous items include one of the itemsets. */
  forEachConcerned(
    entitlement: number,
    changed: readonly { readonly itemset: number }[],
    itemsets: Itemsets,
    meet: (user: number) => void,
  ): void {
    const count = this.#users.count(entitlement);
    if (count === 0) return;
    for (const [i, { itemset }] of changed.entries()) this.#marks.mark(i, itemsets.itemsOf(itemset));
    const { previousMarks } = this.#identities;
    for (let index = 0; index < count; index++) {
      const user = this.#users.at(entitlement, index);
      for (let i = 0; i < changed.length; i++) {
        if (!this.#marks.mayBeWithin(i, previousMarks, user)) continue;
        if (!itemsets.isWithin(changed[i]!.itemset, this.#identities.previousItemsOf(user))) continue;
        meet(user);
        break;
      }
    }
  }
}
