/**
 * Pairs of a user and an entitlement: one row for every assignment that was ever named (revoked ones are tombstones) and
 * for every recommendation. A row holds the registers of the assignment, whether the counters count it, and what
 * consumers were last told of the pair.
 */
import { grown, IntLists } from "./int-lists.ts";
import { largerBytes, largerFloats, NEVER } from "./registers.ts";

/** Bits of the membership register. */
export const HELD = 1;
export const RISK_KNOWN = 2;
export const RISK_HIGH = 4;

/** What is counted of a row. */
export const COUNTED_HOLDER = 1;
export const COUNTED_TEACHER = 2;

/** What consumers were told of a pair. */
export const NOTHING = 0;
export const PREDICTION = 1;
export const RECOMMENDATION = 2;

/** Fields that few assignments have. The first three belong to the membership register. */
export interface Extra {
  readonly grantedBy: string | null;
  readonly source: string | null;
  readonly decisionId: string | null;
  readonly expiresAt: number | null;
  /** Stamp of `expiresAt`; null when it was never written. */
  readonly expiresStamp: number | null;
}

export const NO_EXTRA: Extra = { grantedBy: null, source: null, decisionId: null, expiresAt: null, expiresStamp: null };

export class Pairs {
  user: Int32Array = new Int32Array(64);
  entitlement: Int32Array = new Int32Array(64);
  membership: Uint8Array = new Uint8Array(64);
  /** Stamp of the membership register (ms), or NEVER. */
  memberAt: Float64Array = new Float64Array(64);
  /** Last use (ms), or NEVER. */
  lastUsedAt: Float64Array = new Float64Array(64);
  counted: Uint8Array = new Uint8Array(64);
  /** NOTHING, PREDICTION or RECOMMENDATION. */
  published: Uint8Array = new Uint8Array(64);
  /** Itemset of the published rule, or -1. */
  winner: Int32Array = new Int32Array(64);
  freqUnion: Int32Array = new Int32Array(64);
  freq: Int32Array = new Int32Array(64);
  /** Best confidence among the rules that applied when the pair was last looked at; freq 0: not looked at yet. */
  bestUnion: Int32Array = new Int32Array(64);
  bestFreq: Int32Array = new Int32Array(64);
  /** Published band and reason, as `view.ts` codes them. */
  verdict: Uint8Array = new Uint8Array(64);
  /** Published flags, as `flags.ts` codes them. */
  flags: Uint8Array = new Uint8Array(64);
  /** Rows of a user and of an entitlement, ascending. */
  readonly byUser: IntLists = new IntLists();
  readonly byEntitlement: IntLists = new IntLists();
  readonly #extra: Map<number, Extra> = new Map();
  #size = 0;
  #live = 0;
  readonly #free: number[] = [];
  /** Open addressing over (user, entitlement): row + 1, or 0. */
  #slots: Int32Array = new Int32Array(256);

  /** Row numbers are below this; some may be free. */
  get size(): number {
    return this.#size;
  }

  find(user: number, entitlement: number): number {
    return this.#slots[this.#slotOf(user, entitlement)]! - 1;
  }

  findOrMake(user: number, entitlement: number): number {
    const slot = this.#slotOf(user, entitlement);
    return this.#slots[slot] === 0 ? this.#make(user, entitlement) : this.#slots[slot]! - 1;
  }

  isHeld(row: number): boolean {
    return (this.membership[row]! & HELD) !== 0;
  }

  extraOf(row: number): Extra {
    return this.#extra.get(row) ?? NO_EXTRA;
  }

  /** True when the row was ever given any of the rare fields. */
  hasExtra(row: number): boolean {
    return this.#extra.has(row);
  }

  setExtra(row: number, extra: Extra): void {
    this.#extra.set(row, extra);
  }

  /** Gives a row back that holds no register and of which nothing is published. */
  releaseIfBlank(row: number): void {
    if (this.published[row] !== NOTHING || this.flags[row] !== 0) return;
    if (this.memberAt[row] !== NEVER || this.lastUsedAt[row] !== NEVER || this.#extra.has(row)) return;
    this.byUser.remove(this.user[row]!, row);
    this.byEntitlement.remove(this.entitlement[row]!, row);
    this.#unlink(row);
    this.#free.push(row);
    this.user[row] = -1;
  }

  /** True when the row number stands for a pair. */
  isLive(row: number): boolean {
    return this.user[row] !== -1;
  }

  #make(user: number, entitlement: number): number {
    const row = this.#free.pop() ?? this.#size++;
    if (row === this.user.length) this.#grow();
    this.user[row] = user;
    this.entitlement[row] = entitlement;
    this.membership[row] = 0;
    this.memberAt[row] = NEVER;
    this.lastUsedAt[row] = NEVER;
    this.counted[row] = 0;
    this.published[row] = NOTHING;
    this.winner[row] = -1;
    this.freqUnion[row] = 0;
    this.freq[row] = 0;
    this.bestUnion[row] = 0;
    this.bestFreq[row] = 0;
    this.verdict[row] = 0;
    this.flags[row] = 0;
    if (++this.#live * 2 > this.#slots.length) this.#rehash(this.#slots.length * 2);
    this.#slots[this.#slotOf(user, entitlement)] = row + 1;
    this.byUser.insert(user, row);
    this.byEntitlement.insert(entitlement, row);
    return row;
  }

  #grow(): void {
    const size = Math.ceil(this.user.length * 1.5);
    this.user = grown(this.user, size);
    this.entitlement = grown(this.entitlement, size);
    this.membership = largerBytes(this.membership, size);
    this.memberAt = largerFloats(this.memberAt, size, NEVER);
    this.lastUsedAt = largerFloats(this.lastUsedAt, size, NEVER);
    this.counted = largerBytes(this.counted, size);
    this.published = largerBytes(this.published, size);
    this.winner = grown(this.winner, size);
    this.freqUnion = grown(this.freqUnion, size);
    this.freq = grown(this.freq, size);
    this.bestUnion = grown(this.bestUnion, size);
    this.bestFreq = grown(this.bestFreq, size);
    this.verdict = largerBytes(this.verdict, size);
    this.flags = largerBytes(this.flags, size);
  }

  #slotOf(user: number, entitlement: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(user, entitlement) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]! - 1;
      if (row === -1 || (this.user[row] === user && this.entitlement[row] === entitlement)) return slot;
    }
  }

  #rehash(size: number): void {
    const old = this.#slots;
    this.#slots = new Int32Array(size);
    for (const entry of old) {
      if (entry > 0) this.#slots[this.#slotOf(this.user[entry - 1]!, this.entitlement[entry - 1]!)] = entry;
    }
  }

  #unlink(row: number): void {
    const mask = this.#slots.length - 1;
    let hole = this.#slotOf(this.user[row]!, this.entitlement[row]!);
    for (let slot = (hole + 1) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]! - 1;
      const home = hashOf(this.user[entry]!, this.entitlement[entry]!) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      this.#slots[hole] = entry + 1;
      hole = slot;
    }
    this.#slots[hole] = 0;
    this.#live--;
  }
}

function hashOf(user: number, entitlement: number): number {
  let hash = Math.imul(user + 1, 0x9e3779b1) ^ Math.imul(entitlement + 1, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
