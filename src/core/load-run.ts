/**
 * The pairs of one user that come one after the other in a load: a new one is known to be new without looking for it, when
 * the user had none before.
 */
import { largerIntegers, roomFor } from "./larger.ts";

const NOBODY = -1;

export class LoadRun {
  #user = NOBODY;
  #isWhole = false;
  /** By entitlement: one more than the user that was met with it last. */
  #lastUser: Int32Array = new Int32Array(64);

  /** Whether the user is certain to have no pair with this entitlement; takes it that it has one from now on. */
  isNew(user: number, entitlement: number, rowsOfUser: number): boolean {
    if (user !== this.#user) {
      this.#user = user;
      this.#isWhole = rowsOfUser === 0;
    }
    if (entitlement >= this.#lastUser.length) this.#lastUser = largerIntegers(this.#lastUser, roomFor(entitlement));
    const wasMet = this.#lastUser[entitlement] === user + 1;
    this.#lastUser[entitlement] = user + 1;
    return this.#isWhole && !wasMet;
  }

  /** Pairs come by other ways. */
  end(): void {
    this.#user = NOBODY;
  }
}
