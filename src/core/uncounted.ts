/**
 * What the tables say and the counters do not yet. Mostly nothing: what a step changes is counted in the same step. When it
 * moves many people, they are told of at once and wait here, until they are counted, as many in a step as it has time for;
 * and when too many wait, everything is counted anew instead (rebuild.ts).
 */
import { type Changes, IdSet } from "./changes.ts";

/** Counting so many people takes as long as counting all people anew. */
const SHARE_REBUILT = 1 / 32;
/** And it is not worth it for what so many steps count. */
const STEPS_MIN = 4;

/** Counting a user takes as long as counting so many assignments. */
const ROWS_A_USER = 4;

export interface Portion {
  readonly users: readonly number[];
  readonly rows: readonly number[];
  /** Entitlements to be counted anew, because their policy changed. */
  readonly recounted: IdSet;
}

/** How many. */
interface Came {
  readonly users: number;
  readonly rows: number;
}

export class Uncounted {
  readonly #users: IdSet = new IdSet();
  readonly #rows: IdSet = new IdSet();
  #recounted: IdSet = new IdSet();

  get users(): readonly number[] {
    return this.#users.ids;
  }

  get isEmpty(): boolean {
    return this.#users.ids.length + this.#rows.ids.length + this.#recounted.ids.length === 0;
  }

  hasUser(user: number): boolean {
    return this.#users.has(user);
  }

  /** How many of them did not wait before. */
  add({ users, rows, recounted }: Portion): Came {
    const [usersBefore, rowsBefore] = [this.#users.ids.length, this.#rows.ids.length];
    for (const user of users) this.#users.add(user);
    for (const row of rows) this.#rows.add(row);
    for (const entitlement of recounted.ids) this.#recounted.add(entitlement);
    return { users: this.#users.ids.length - usersBefore, rows: this.#rows.ids.length - rowsBefore };
  }

  takeAll(): Portion {
    return this.#take(this.#users.ids.length, this.#rows.ids.length);
  }

  /** Those that have waited longest, as many as `came`, and so many more. */
  takeMore(came: Came, usersMore: number): Portion {
    return this.#take(came.users + usersMore, came.rows + usersMore * ROWS_A_USER);
  }

  #take(usersMax: number, rowsMax: number): Portion {
    const recounted = this.#recounted;
    this.#recounted = new IdSet();
    return { users: takeFirst(this.#users, usersMax), rows: takeFirst(this.#rows, rowsMax), recounted };
  }
}

function takeFirst(ids: IdSet, countMax: number): readonly number[] {
  const all = ids.take();
  for (const id of all.slice(countMax)) ids.add(id);
  return all.slice(0, countMax);
}

/** Whether it is cheaper to count all `people` anew than to count so many, so many a step. */
export function areTooMany(users: number, people: number, usersAStep: number): boolean {
  return users > Math.max(people * SHARE_REBUILT, usersAStep * STEPS_MIN);
}

/** What the events of a step changed. */
export function portionOf({ users, assignments }: Changes, recounted: IdSet): Portion {
  return { users: users.ids, rows: assignments.ids, recounted };
}
