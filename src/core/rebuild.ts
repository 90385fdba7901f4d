/**
 * Counts everything anew beside what was counted before, slice by slice, while steps go on: they tell what events name
 * by what is published, and count nothing. It is the batch path, with the published evidence of before.
 */
import type { Changes } from "./changes.ts";
import type { Company } from "./company.ts";
import { Live } from "./live.ts";
import { plantingBasis } from "./planted.ts";
import type { Settings } from "./settings.ts";
import { atOnce, type Slices } from "./slices.ts";

export class Rebuild {
  readonly live: Live;
  isDone = false;
  /** By itemset of before: the node of the same items now; -1: none that may have rules. */
  readonly nodes: Int32Array;
  readonly #before: Live;
  readonly #company: Company;
  readonly #settings: Settings;
  readonly #slices: Slices<void>;

  constructor(before: Live, company: Company, settings: Settings, changes: Changes) {
    before.freeze();
    this.#before = before;
    this.#company = company;
    this.#settings = settings;
    this.live = new Live(company, settings, changes);
    this.nodes = new Int32Array(before.counters.itemsets.size).fill(-1);
    this.#slices = this.#build();
  }

  run(slices: number): void {
    for (let i = 0; i < slices && !this.isDone; i++) this.isDone = this.#slices.next().done === true;
  }

  finish(): void {
    if (!this.isDone) atOnce(this.#slices);
    this.isDone = true;
  }

  /** Implications end, as when they are counted one by one, and none begins: published evidence may have drifted. */
  *#build(): Slices<void> {
    const before = this.#before.counters;
    const { settle, counters } = this.live;
    const { implications } = before.itemsets;
    const basis = yield* plantingBasis(this.#company, this.#settings.maxRuleLength, (item, implied) =>
      implications.has(item, implied),
    );
    const rules = yield* settle.build({ basis, planted: null }, null);
    const formerOf = yield* counters.itemsets.nodesIn(before.itemsets);
    for (const [node, former] of formerOf.entries()) if (former !== -1) this.nodes[former] = node;
    // Entitlements may have come since anything was counted there.
    before.table(this.#company.catalog.size - 1);
    yield* counters.takeRules(rules, null);
    yield* counters.restoreAll(before.tables, formerOf);
  }
}
