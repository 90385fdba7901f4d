/**
 * Whom the ripple visits for one entitlement. A visit is one integer, `user * 2 + how`, so that visits in ascending order
 * are users in ascending order.
 */

/** The pair's choice stays and is told with its evidence as it is now (`Published.raise`), or it is made anew. */
export const RAISE = 0;
export const LOOK = 1;

/** Putting one user in order takes as long as passing by so many. */
const USERS_A_SORT = 32;
const NUMBER_MAX = 2 ** 30;

export function userOf(visit: number): number {
  return visit >> 1;
}

export function isLook(visit: number): boolean {
  return (visit & 1) === LOOK;
}

/** Looks at these users, of whom none is named twice. */
export function looksAt(users: readonly number[]): Int32Array {
  return Int32Array.from(users, (user) => user * 2 + LOOK).sort();
}

/** Both ascending, each user once, and so is the answer; a look counts more than a raise. */
export function union(a: Int32Array, b: Int32Array): Int32Array {
  const all = new Int32Array(a.length + b.length);
  let count = 0;
  let j = 0;
  for (const visit of a) {
    while (j < b.length && userOf(b[j]!) < userOf(visit)) all[count++] = b[j++]!;
    const isTwice = j < b.length && userOf(b[j]!) === userOf(visit);
    all[count++] = isTwice ? Math.max(visit, b[j++]!) : visit;
  }
  while (j < b.length) all[count++] = b[j++]!;
  return all.subarray(0, count);
}

/** Gathers visits, each user once. */
export class Sweep {
  #users: number[] = [];
  /** By user: the number of the last sweep that met it plus how; negative: of the one that left it out. */
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
    this.#number += 2;
    if (this.#number < this.#numberMax) return;
    this.#metBy.fill(0);
    this.#number = 2;
  }

  leaveOut(user: number): void {
    this.#metBy[user] = -this.#number;
  }

  /** false: the user is left out. */
  meet(user: number, how: number): boolean {
    const met = this.#metBy[user]!;
    if (met === -this.#number) return false;
    if (met < this.#number) this.#users.push(user);
    if (met !== this.#number + LOOK) this.#metBy[user] = this.#number + how;
    return true;
  }

  /** Of the users met, ascending. */
  visits(): Int32Array {
    const visits = new Int32Array(this.#users.length);
    if (visits.length * USERS_A_SORT < this.#metBy.length) {
      for (const [i, user] of this.#users.entries()) visits[i] = this.#visit(user);
      return visits.sort();
    }
    for (let user = 0, count = 0; count < visits.length; user++) {
      if (this.#metBy[user]! >= this.#number) visits[count++] = this.#visit(user);
    }
    return visits;
  }

  #visit(user: number): number {
    return user * 2 + this.#metBy[user]! - this.#number;
  }
}
