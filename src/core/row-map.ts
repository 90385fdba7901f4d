/**
 * The rows of one entitlement by user: open addressing over one Int32Array, two integers a slot: [user + 1, row].
 * `slots` is open for walking all rows: an empty slot has 0 where the user stands.
 *
 * A map that is large for its users has a bit for each of them besides, set for those that are there: most users who are
 * asked for in `findAll` are not, and many bits stand in one line of the cache.
 */
import { largerIntegers } from "./larger.ts";

export const ROW_MAP_WIDTH = 2;

export class RowMap {
  slots: Int32Array = new Int32Array(4 * ROW_MAP_WIDTH);
  size = 0;
  /** Bits of users, 32 an integer; empty: there are none. All users that are there stand within. */
  #bits: Int32Array = NO_BITS;
  #userMax = 0;

  /** The row of this user, or -1. */
  find(user: number): number {
    const slots = this.slots;
    const mask = slots.length / ROW_MAP_WIDTH - 1;
    const key = user + 1;
    for (let slot = home(user) & mask; ; slot = (slot + 1) & mask) {
      const found = slots[slot * ROW_MAP_WIDTH]!;
      if (found === key) return slots[slot * ROW_MAP_WIDTH + 1]!;
      if (found === 0) return -1;
    }
  }

  /**
   * The rows (or -1) of users `pool[from … end)` into `rows`. The first places are all read before any is looked at: the
   * reads wait for memory together.
   */
  findAll(pool: Int32Array, from: number, end: number, rows: Int32Array): void {
    const slots = this.slots;
    const mask = slots.length / ROW_MAP_WIDTH - 1;
    const bits = this.#bits;
    const users = bits.length * 32;
    for (let at = from; at < end; at++) {
      const user = pool[at]!;
      const may = users === 0 || (user < users && ((bits[user >> 5]! >> (user & 31)) & 1) !== 0);
      rows[at - from] = may ? slots[(home(user) & mask) * ROW_MAP_WIDTH]! : 0;
    }
    for (let at = from; at < end; at++) {
      const user = pool[at]!;
      const key = user + 1;
      let found = rows[at - from]!;
      let slot = home(user) & mask;
      while (found !== key && found !== 0) {
        slot = (slot + 1) & mask;
        found = slots[slot * ROW_MAP_WIDTH]!;
      }
      rows[at - from] = found === 0 ? -1 : slots[slot * ROW_MAP_WIDTH + 1]!;
    }
  }

  /** Users with a row, in no order. */
  users(): Int32Array {
    const users = new Int32Array(this.size);
    let count = 0;
    for (let at = 0; at < this.slots.length; at += ROW_MAP_WIDTH) {
      if (this.slots[at] !== 0) users[count++] = this.slots[at]! - 1;
    }
    return users;
  }

  /** Adds a user that is not there. */
  add(user: number, row: number): void {
    const capacity = this.slots.length / ROW_MAP_WIDTH;
    if ((this.size + 1) * 4 > capacity * 3) this.#resize(capacity * 2);
    this.size++;
    if (user > this.#userMax) this.#userMax = user;
    this.#place(user, row);
    if (this.#bits.length > 0) this.#setBit(user);
  }

  remove(user: number): void {
    const { slots } = this;
    const mask = slots.length / ROW_MAP_WIDTH - 1;
    let hole = home(user) & mask;
    while (slots[hole * ROW_MAP_WIDTH] !== user + 1) {
      if (slots[hole * ROW_MAP_WIDTH] === 0) return;
      hole = (hole + 1) & mask;
    }
    for (let slot = (hole + 1) & mask; slots[slot * ROW_MAP_WIDTH] !== 0; slot = (slot + 1) & mask) {
      const wanted = home(slots[slot * ROW_MAP_WIDTH]! - 1) & mask;
      if (((slot - wanted) & mask) < ((slot - hole) & mask)) continue;
      slots.copyWithin(hole * ROW_MAP_WIDTH, slot * ROW_MAP_WIDTH, (slot + 1) * ROW_MAP_WIDTH);
      hole = slot;
    }
    slots.fill(0, hole * ROW_MAP_WIDTH, (hole + 1) * ROW_MAP_WIDTH);
    this.size--;
    if (this.#bits.length > 0) this.#bits[user >> 5]! &= ~(1 << (user & 31));
  }

  #place(user: number, row: number): void {
    const { slots } = this;
    const mask = slots.length / ROW_MAP_WIDTH - 1;
    let slot = home(user) & mask;
    while (slots[slot * ROW_MAP_WIDTH] !== 0) slot = (slot + 1) & mask;
    slots[slot * ROW_MAP_WIDTH] = user + 1;
    slots[slot * ROW_MAP_WIDTH + 1] = row;
  }

  #resize(capacity: number): void {
    const old = this.slots;
    this.slots = new Int32Array(capacity * ROW_MAP_WIDTH);
    for (let at = 0; at < old.length; at += ROW_MAP_WIDTH) {
      if (old[at] !== 0) this.#place(old[at]! - 1, old[at + 1]!);
    }
    if (this.#bits.length === 0 && this.#userMax / 32 < this.slots.length) this.#makeBits();
  }

  #makeBits(): void {
    this.#bits = new Int32Array((this.#userMax >> 5) + 1);
    for (let at = 0; at < this.slots.length; at += ROW_MAP_WIDTH) {
      if (this.slots[at] !== 0) this.#setBit(this.slots[at]! - 1);
    }
  }

  #setBit(user: number): void {
    const at = user >> 5;
    if (at >= this.#bits.length)
      this.#bits = largerIntegers(this.#bits, Math.max(at + 1, Math.ceil(this.#bits.length * 1.25)));
    this.#bits[at]! |= 1 << (user & 31);
  }
}

const NO_BITS: Int32Array = new Int32Array(0);

function home(user: number): number {
  return Math.imul(user, 0x9e3779b1) >>> 8;
}
