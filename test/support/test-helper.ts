/** A helper of the start (core/help.ts) without a thread: it is as far away as one, and as slow as asked for. */
import type { Errand, Helper } from "../../src/core/help.ts";
import { type Planted, type PlantingBasis, plant } from "../../src/core/planted.ts";
import { type CountedRules, countRules, type RuleCountBasis } from "../../src/core/rule-count.ts";
import { fillRules, type RuleFillBasis } from "../../src/core/rule-fill.ts";
import { atOnce, type Slices } from "../../src/core/slices.ts";

export class TestHelper implements Helper {
  readonly asked: string[] = [];
  readonly #askedOften: number;
  readonly #fails: boolean;

  /** Nothing is done before it was asked for so often; `fails`: nothing ever is. */
  constructor(askedOften: number, fails: boolean) {
    this.#askedOften = askedOften;
    this.#fails = fails;
  }

  plant(basis: PlantingBasis): Errand<Planted> {
    return this.#errand("plant", basis, plant);
  }

  countRules(basis: RuleCountBasis): Errand<CountedRules> {
    return this.#errand("countRules", basis, countRules);
  }

  fillRules(basis: RuleFillBasis): Errand<Int32Array[]> {
    return this.#errand("fillRules", basis, fillRules);
  }

  #errand<Basis, Result>(what: string, basis: Basis, work: (basis: Basis) => Slices<Result>): Errand<Result> {
    this.asked.push(what);
    const copy = structuredClone(basis);
    const fails = this.#fails;
    let waits = this.#askedOften;
    let result: Result | undefined;
    return {
      get result() {
        if (waits-- > 0) return undefined;
        return fails ? null : (result ??= structuredClone(atOnce(work(copy))));
      },
    };
  }
}
