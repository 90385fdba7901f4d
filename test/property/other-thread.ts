/** Plays the thread that chooses ahead: it takes tasks between steps, and answers some steps later. */
import { type Choices, Chooser } from "../../src/core/choosing.ts";
import type { Engine } from "../../src/core/engine.ts";

const CALLS_A_BASIS = 5;
const TASKS_A_CALL = 3;
const CALLS_AN_ANSWER = 2;

export class OtherThread {
  readonly #engine: Engine;
  #calls = 0;
  #chooser: Chooser | null = null;
  /** Chosen when they are due: a shared table may have changed by then. */
  #answers: (() => Choices)[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  betweenSteps(): void {
    const call = this.#calls++;
    if (call % CALLS_A_BASIS === 0) {
      const basis = this.#engine.beginChoosing();
      this.#chooser = basis === null ? null : new Chooser(structuredClone(basis));
    }
    if (call % CALLS_AN_ANSWER === 0) for (const answer of this.#answers.splice(0)) this.#engine.takeChoices(answer());
    const chooser = this.#chooser;
    if (chooser === null) return;
    for (let i = 0; i < TASKS_A_CALL; i++) {
      const task = this.#engine.nextChoosing();
      if (task === null) return;
      const posted = structuredClone(task);
      this.#answers.push(() => chooser.choose(posted));
    }
  }
}
