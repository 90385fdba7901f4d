/**
 * What a file said of each pair, in columns: files have millions of rows. Rows are only noted while they are read; which
 * of them contradict is found at the end, user by user, which costs far less than looking every row up in a table.
 */

const ROWS_AT_FIRST = 1024;

export interface Contradiction {
  readonly line: number;
  readonly earlierLine: number;
}

export class CsvPairs {
  #users: Uint32Array = new Uint32Array(ROWS_AT_FIRST);
  #entitlements: Uint32Array = new Uint32Array(ROWS_AT_FIRST);
  #lines: Uint32Array = new Uint32Array(ROWS_AT_FIRST);
  #said: Uint8Array = new Uint8Array(ROWS_AT_FIRST);
  #size = 0;
  /** One more than the highest number. */
  #userCount = 0;
  #entitlementCount = 0;

  /** `user`, `entitlement`: small numbers; `said`: a code below 256. */
  note(user: number, entitlement: number, said: number, line: number): void {
    if (this.#size === this.#said.length) this.#grow();
    const at = this.#size++;
    this.#users[at] = user;
    this.#entitlements[at] = entitlement;
    this.#said[at] = said;
    this.#lines[at] = line;
    if (user >= this.#userCount) this.#userCount = user + 1;
    if (entitlement >= this.#entitlementCount) this.#entitlementCount = entitlement + 1;
  }

  /** The first row that says something else of its pair than a row before it; null: there is none. */
  contradiction(): Contradiction | null {
    const rows = this.#rowsByUser();
    /** By entitlement: 1 + the last user who had it, and in which row first. */
    const lastUser = new Uint32Array(this.#entitlementCount);
    const firstRow = new Uint32Array(this.#entitlementCount);
    let [disputed, earlier] = [-1, -1];
    for (const row of rows) {
      const entitlement = this.#entitlements[row]!;
      const user = this.#users[row]! + 1;
      if (lastUser[entitlement] !== user) {
        lastUser[entitlement] = user;
        firstRow[entitlement] = row;
        continue;
      }
      const first = firstRow[entitlement]!;
      if (this.#said[first] !== this.#said[row] && (disputed === -1 || row < disputed))
        [disputed, earlier] = [row, first];
    }
    return disputed === -1 ? null : { line: this.#lines[disputed]!, earlierLine: this.#lines[earlier]! };
  }

  /** All rows, those of one user together, each user's in the order of the file. */
  #rowsByUser(): Uint32Array {
    const ends = new Uint32Array(this.#userCount + 1);
    for (let row = 0; row < this.#size; row++) ends[this.#users[row]! + 1]!++;
    for (let user = 1; user <= this.#userCount; user++) ends[user] = ends[user]! + ends[user - 1]!;
    const rows = new Uint32Array(this.#size);
    for (let row = 0; row < this.#size; row++) rows[ends[this.#users[row]!]!++] = row;
    return rows;
  }

  #grow(): void {
    const size = this.#size * 2;
    this.#users = largerIntegers(this.#users, size);
    this.#entitlements = largerIntegers(this.#entitlements, size);
    this.#lines = largerIntegers(this.#lines, size);
    const said = this.#said;
    this.#said = new Uint8Array(size);
    this.#said.set(said);
  }
}

function largerIntegers(integers: Uint32Array, size: number): Uint32Array {
  const larger = new Uint32Array(size);
  larger.set(integers);
  return larger;
}
