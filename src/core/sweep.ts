/** Gathers users of one entitlement, each once, and gives them in ascending order. */

/** Putting one user in order takes as long as passing by so many. */
const USERS_A_SORT = 32;
const NUMBER_MAX = 2 ** 31 - 1;

export class Sweep {
  #users: number[] = [];
  /** By user: the number of the last sweep that met it; negative: of the one that left it out. */
  #metBy: Int32Array = new Int32Array(64);
  #number = 0;
  readonly #numberMax: number;

  constructor(numberMax: number = NUMBER_MAX) {
    this.#numberMax = numberMax;
  }

  /** `users`: user numbers are below this. */
  begin(users: number): void {
    this.#users = [];
    if (this.#metBy.length < users) this.#metBy = new Int32Array(users * 2);
    if (this.#number === this.#numberMax) {
      this.#metBy.fill(0);
      this.#number = 0;
    }
    this.#number++;
  }

  leaveOut(user: number): void {
    this.#metBy[user] = -this.#number;
  }

  /** false: the user is left out. */
  meet(user: number): boolean {
    if (this.#metBy[user] === -this.#number) return false;
    if (this.#metBy[user] !== this.#number) this.#users.push(user);
    this.#metBy[user] = this.#number;
    return true;
  }

  /** Those met, ascending. */
  users(): Int32Array {
    const sorted = new Int32Array(this.#users);
    if (sorted.length * USERS_A_SORT < this.#metBy.length) return sorted.sort();
    for (let user = 0, count = 0; count < sorted.length; user++) {
      if (this.#metBy[user] === this.#number) sorted[count++] = user;
    }
    return sorted;
  }
}
