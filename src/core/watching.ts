/**
 * Pairs whose flags look at their user's previous items: rules other than those of the present items matter to them.
 * There are more of them with everybody who ever moved, so that which of them a changed rule concerns is found by one
 * comparison of bits for nearly all.
 */
import type { Identities } from "./identities.ts";
import { IntLists } from "./int-lists.ts";
import { marksOf } from "./item-marks.ts";
import type { Itemsets } from "./itemsets.ts";

export class Watching {
  /** By entitlement, ascending. */
  readonly #users: IntLists = new IntLists();
  readonly #identities: Identities;
  #marks: Int32Array = new Int32Array(16);

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
    const marks = this.#marksOf(changed, itemsets);
    const { previousMarks } = this.#identities;
    for (let index = 0; index < count; index++) {
      const user = this.#users.at(entitlement, index);
      const lacking = ~previousMarks[user]!;
      for (let i = 0; i < changed.length; i++) {
        if ((marks[i]! & lacking) !== 0) continue;
        if (!itemsets.isWithin(changed[i]!.itemset, this.#identities.previousItemsOf(user))) continue;
        meet(user);
        break;
      }
    }
  }

  #marksOf(changed: readonly { readonly itemset: number }[], itemsets: Itemsets): Int32Array {
    if (this.#marks.length < changed.length) this.#marks = new Int32Array(changed.length * 2);
    for (let i = 0; i < changed.length; i++) this.#marks[i] = marksOf(itemsets.itemsOf(changed[i]!.itemset));
    return this.#marks;
  }
}
