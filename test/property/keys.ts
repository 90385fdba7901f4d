/** Pairs and lists of items as keys of maps: equal ones are one and the same object, so that looking up costs no text. */
import type { Item } from "../../src/events/delta.ts";

export class Key {
  readonly #last: string;
  readonly #parent: Key | null;
  readonly #children = new Map<string, Key>();

  private constructor(parent: Key | null, last: string) {
    this.#parent = parent;
    this.#last = last;
  }

  static root(): Key {
    return new Key(null, "");
  }

  child(text: string): Key {
    const known = this.#children.get(text);
    if (known !== undefined) return known;
    const child = new Key(this, text);
    this.#children.set(text, child);
    return child;
  }

  /** For messages. */
  get text(): string {
    if (this.#parent === null) return "";
    return [this.#parent.text, JSON.stringify(this.#last)].filter((text) => text !== "").join(" → ");
  }
}

const PAIRS = Key.root();
const ITEMSETS = Key.root();
const RULES = Key.root();

export function pairKey(user: string, entitlement: string): Key {
  return PAIRS.child(user).child(entitlement);
}

export function itemsKey(items: readonly Item[]): Key {
  return below(ITEMSETS, items);
}

export function ruleKey({ rule, entitlement }: { readonly rule: readonly Item[]; readonly entitlement: string }): Key {
  return below(RULES.child(entitlement), rule);
}

function below(parent: Key, items: readonly Item[]): Key {
  let key = parent;
  for (const { attribute, value } of items) key = key.child(attribute).child(value);
  return key;
}
