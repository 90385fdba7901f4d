/**
 * Pairs of a user and an entitlement: one row for every assignment that was ever named (revoked ones are tombstones) and
 * for every recommendation. A row holds the registers of the assignment, whether the counters count it, and what
 * consumers were last told of the pair. What is looked at together stands together: eight integers, half a cache line.
 */
import { IntLists } from "./int-lists.ts";
import { largerFloats, largerIntegers, roomFor } from "./larger.ts";
import { LoadRun } from "./load-run.ts";
import { NEVER } from "./registers.ts";
import { RowMap } from "./row-map.ts";

/** Bits of the membership register. */
export const HELD = 1;
export const RISK_KNOWN = 2;
export const RISK_HIGH = 4;

/** What is counted of a row; while everything is counted anew (rebuild.ts), by the new counters: the old ones count no more. */
export const COUNTED_HOLDER = 1;
export const COUNTED_TEACHER = 2;

/** What consumers were told of a pair. */
export const NOTHING = 0;
export const PREDICTION = 1;
export const RECOMMENDATION = 2;

/** Fewer new rows than this are not worth sorting by entitlement. */
const ROWS_SORTED_MIN = 4_096;

/** Stands for the published rule of a pair that consumers were not told of as held or recommended. */
export const UNTOLD = -2;

/** Fields that few assignments have. The first three belong to the membership register. */
export interface Extra {
  readonly grantedBy: string | null;
  readonly source: string | null;
  readonly decisionId: string | null;
  readonly expiresAt: number | null;
  /** Stamp of `expiresAt`; null when it was never written. */
  readonly expiresStamp: number | null;
}

const NO_EXTRA: Extra = { grantedBy: null, source: null, decisionId: null, expiresAt: null, expiresStamp: null };

const WIDTH = 8;
const USER = 0;
const ENTITLEMENT = 1;
const WINNER = 2;
const FREQ_UNION = 3;
const FREQ = 4;
const BEST_UNION = 5;
const BEST_FREQ = 6;
const STATUS = 7;
/** Places of the small values in STATUS: [shift, mask]. */
const PUBLISHED_MASK = 0x3;
const VERDICT_SHIFT = 2;
const VERDICT_MASK = 0x7;
const FLAGS_SHIFT = 5;
const FLAGS_MASK = 0xff;
const MEMBERSHIP_SHIFT = 13;
const MEMBERSHIP_MASK = 0x7;
const COUNTED_SHIFT = 16;
const COUNTED_MASK = 0x3;
const EXTRA_BIT = 1 << 18;
const SECURE_BIT = 1 << 19;
const TOLD_BITS = PUBLISHED_MASK | (VERDICT_MASK << VERDICT_SHIFT) | (FLAGS_MASK << FLAGS_SHIFT);

export class Pairs {
  /** Stamp of the membership register (ms), or NEVER. */
  memberAt: Float64Array = new Float64Array(64);
  /** Last use (ms), or NEVER. */
  lastUsedAt: Float64Array = new Float64Array(64);
  /** Rows of a user, ascending. */
  readonly byUser: IntLists = new IntLists();
  readonly #byEntitlement: RowMap[] = [];
  readonly #extra: Map<number, Extra> = new Map();
  #cells: Int32Array = new Int32Array(64 * WIDTH);
  #size = 0;
  /** Rows from here on are not in the maps of their entitlements yet. */
  #mapped = 0;
  readonly #free: number[] = [];
  readonly #run: LoadRun = new LoadRun();

  /** Row numbers are below this; some may be free. */
  get size(): number {
    return this.#size;
  }

  /** The rows of an entitlement. */
  rowsOf(entitlement: number): RowMap {
    if (this.#mapped < this.#size) this.mapRows();
    return this.#mapOf(entitlement);
  }

  find(user: number, entitlement: number): number {
    if (this.#mapped < this.#size) this.mapRows();
    return entitlement < this.#byEntitlement.length ? this.#byEntitlement[entitlement]!.find(user) : -1;
  }

  findOrMake(user: number, entitlement: number): number {
    const row = this.find(user, entitlement);
    return row === -1 ? this.#make(user, entitlement) : row;
  }

  /**
   * As `findOrMake`, for loads, in which the pairs of a user mostly come one after the other: maps of entitlements are made
   * when something asks for them. A new row has the number that was `size` before.
   */
  findOrAppend(user: number, entitlement: number): number {
    if (!this.#run.isNew(user, entitlement, this.byUser.count(user))) {
      const row = this.find(user, entitlement);
      if (row !== -1) return row;
    }
    this.#set(this.#size, user, entitlement);
    return this.#size++;
  }

  /**
   * Gives rows below `end` other numbers, so that those of one entitlement, which are looked at together, stand side by
   * side. Nobody else may know the number of a row.
   */
  arrange(end: number): void {
    if (this.#isArranged(end)) return;
    const next = this.#startsByEntitlement(0, end);
    const numbers = new Int32Array(this.#size);
    const [cells, memberAt, lastUsedAt] = [this.#cells, this.memberAt, this.lastUsedAt];
    const newCells = new Int32Array(cells.length);
    const newMemberAt = new Float64Array(memberAt.length);
    const newLastUsedAt = new Float64Array(lastUsedAt.length);
    // Rows are read one after the other, and each entitlement is written to in one run.
    for (let old = 0; old < end; old++) {
      const row = next[cells[old * WIDTH + ENTITLEMENT]!]!++;
      numbers[old] = row;
      for (let i = 0; i < WIDTH; i++) newCells[row * WIDTH + i] = cells[old * WIDTH + i]!;
      newMemberAt[row] = memberAt[old]!;
      newLastUsedAt[row] = lastUsedAt[old]!;
    }
    for (let row = end; row < this.#size; row++) numbers[row] = row;
    newCells.set(cells.subarray(end * WIDTH, this.#size * WIDTH), end * WIDTH);
    newMemberAt.set(memberAt.subarray(end, this.#size), end);
    newLastUsedAt.set(lastUsedAt.subarray(end, this.#size), end);
    this.#cells = newCells;
    this.memberAt = newMemberAt;
    this.lastUsedAt = newLastUsedAt;
    const extra = [...this.#extra];
    this.#extra.clear();
    for (const [row, fields] of extra) this.#extra.set(numbers[row]!, fields);
    this.byUser.refill(this.#size, (row) => this.userOf(row));
    for (const [i, row] of this.#free.entries()) this.#free[i] = numbers[row]!;
    this.#byEntitlement.length = 0;
    this.#mapped = 0;
  }

  /** Makes the maps of entitlements that something will ask for. */
  mapRows(): void {
    const from = this.#mapped;
    const count = this.#size - from;
    this.#mapped = this.#size;
    const rows = count < ROWS_SORTED_MIN ? null : this.#rowsByEntitlement(from, this.#size);
    for (let i = 0; i < count; i++) {
      const row = rows === null ? from + i : rows[i]!;
      if (this.isLive(row)) this.#mapOf(this.entitlementOf(row)).add(this.userOf(row), row);
    }
  }

  userOf(row: number): number {
    return this.#cells[row * WIDTH + USER]!;
  }

  entitlementOf(row: number): number {
    return this.#cells[row * WIDTH + ENTITLEMENT]!;
  }

  /** Itemset of the published rule, or -1. */
  winnerOf(row: number): number {
    return this.#cells[row * WIDTH + WINNER]!;
  }

  /**
   * Instead of each row (or -1) its published rule, -1 when it is told without one, or UNTOLD. One short loop: the reads
   * wait for memory together.
   */
  winnersOf(rows: Int32Array, count: number, winners: Int32Array): void {
    const cells = this.#cells;
    for (let i = 0; i < count; i++) {
      const at = Math.max(rows[i]!, 0) * WIDTH;
      const told = rows[i]! >= 0 && (cells[at + STATUS]! & PUBLISHED_MASK) !== NOTHING;
      winners[i] = told ? cells[at + WINNER]! : UNTOLD;
    }
  }

  freqUnionOf(row: number): number {
    return this.#cells[row * WIDTH + FREQ_UNION]!;
  }

  freqOf(row: number): number {
    return this.#cells[row * WIDTH + FREQ]!;
  }

  /** Best confidence among the rules that applied when the pair was last looked at; freq 0: not looked at yet. */
  bestUnionOf(row: number): number {
    return this.#cells[row * WIDTH + BEST_UNION]!;
  }

  bestFreqOf(row: number): number {
    return this.#cells[row * WIDTH + BEST_FREQ]!;
  }

  /** The choice was secure (see `Choice.secure`) when the pair was last looked at. */
  isSecure(row: number): boolean {
    return (this.#status(row) & SECURE_BIT) !== 0;
  }

  /** NOTHING, PREDICTION or RECOMMENDATION. */
  publishedOf(row: number): number {
    return this.#status(row) & PUBLISHED_MASK;
  }

  /** Published band or reason, as `target.ts` codes them. */
  verdictOf(row: number): number {
    return (this.#status(row) >> VERDICT_SHIFT) & VERDICT_MASK;
  }

  /** Published flags, as `flags.ts` codes them. */
  flagsOf(row: number): number {
    return (this.#status(row) >> FLAGS_SHIFT) & FLAGS_MASK;
  }

  membershipOf(row: number): number {
    return (this.#status(row) >> MEMBERSHIP_SHIFT) & MEMBERSHIP_MASK;
  }

  /** COUNTED_HOLDER, COUNTED_TEACHER. */
  countedOf(row: number): number {
    return (this.#status(row) >> COUNTED_SHIFT) & COUNTED_MASK;
  }

  isHeld(row: number): boolean {
    return (this.#status(row) & (HELD << MEMBERSHIP_SHIFT)) !== 0;
  }

  /** True when consumers were told a prediction, a recommendation or flags. */
  isTold(row: number): boolean {
    return (this.#status(row) & (PUBLISHED_MASK | (FLAGS_MASK << FLAGS_SHIFT))) !== 0;
  }

  extraOf(row: number): Extra {
    return this.hasExtra(row) ? this.#extra.get(row)! : NO_EXTRA;
  }

  /** True when the row was ever given any of the rare fields. */
  hasExtra(row: number): boolean {
    return (this.#status(row) & EXTRA_BIT) !== 0;
  }

  setExtra(row: number, extra: Extra): void {
    this.#extra.set(row, extra);
    this.#cells[row * WIDTH + STATUS]! |= EXTRA_BIT;
  }

  setMembership(row: number, membership: number): void {
    const other = this.#status(row) & ~(MEMBERSHIP_MASK << MEMBERSHIP_SHIFT);
    this.#cells[row * WIDTH + STATUS] = other | (membership << MEMBERSHIP_SHIFT);
  }

  setCounted(row: number, counted: number): void {
    const other = this.#status(row) & ~(COUNTED_MASK << COUNTED_SHIFT);
    this.#cells[row * WIDTH + STATUS] = other | (counted << COUNTED_SHIFT);
  }

  setWinner(row: number, winner: number): void {
    this.#cells[row * WIDTH + WINNER] = winner;
  }

  /** What the last look at the pair found beside its choice; freq 0: it must be looked at again. */
  setBest(row: number, freqUnion: number, freq: number, secure: boolean): void {
    const at = row * WIDTH;
    this.#cells[at + BEST_UNION] = freqUnion;
    this.#cells[at + BEST_FREQ] = freq;
    if (secure) this.#cells[at + STATUS]! |= SECURE_BIT;
    else this.#cells[at + STATUS]! &= ~SECURE_BIT;
  }

  /** What consumers are told from now on. */
  tell(
    row: number,
    published: number,
    winner: number,
    freqUnion: number,
    freq: number,
    verdict: number,
    flags: number,
  ): void {
    const at = row * WIDTH;
    this.#cells[at + WINNER] = winner;
    this.#cells[at + FREQ_UNION] = freqUnion;
    this.#cells[at + FREQ] = freq;
    const told = published | (verdict << VERDICT_SHIFT) | (flags << FLAGS_SHIFT);
    this.#cells[at + STATUS] = (this.#cells[at + STATUS]! & ~TOLD_BITS) | told;
  }

  tellFlags(row: number, flags: number): void {
    const other = this.#status(row) & ~(FLAGS_MASK << FLAGS_SHIFT);
    this.#cells[row * WIDTH + STATUS] = other | (flags << FLAGS_SHIFT);
  }

  /** Gives a row back that holds no register and of which nothing is published. */
  releaseIfBlank(row: number): void {
    if (this.isTold(row) || this.hasExtra(row)) return;
    if (this.memberAt[row] !== NEVER || this.lastUsedAt[row] !== NEVER) return;
    this.byUser.remove(this.userOf(row), row);
    this.rowsOf(this.entitlementOf(row)).remove(this.userOf(row));
    this.#free.push(row);
    this.#cells.fill(0, row * WIDTH, (row + 1) * WIDTH);
    this.#cells[row * WIDTH + USER] = -1;
  }

  /** True when the row number stands for a pair. */
  isLive(row: number): boolean {
    return this.userOf(row) !== -1;
  }

  #status(row: number): number {
    return this.#cells[row * WIDTH + STATUS]!;
  }

  #make(user: number, entitlement: number): number {
    this.#run.end();
    const row = this.#free.pop() ?? this.#size++;
    this.#set(row, user, entitlement);
    this.#mapOf(entitlement).add(user, row);
    this.#mapped = this.#size;
    return row;
  }

  /** Nothing is known of a row that stands for no pair. */
  #set(row: number, user: number, entitlement: number): void {
    if (row === this.memberAt.length) this.#grow();
    this.memberAt[row] = NEVER;
    this.lastUsedAt[row] = NEVER;
    const at = row * WIDTH;
    this.#cells[at + USER] = user;
    this.#cells[at + ENTITLEMENT] = entitlement;
    this.#cells[at + WINNER] = -1;
    this.byUser.insert(user, row);
  }

  #mapOf(entitlement: number): RowMap {
    while (this.#byEntitlement.length <= entitlement) this.#byEntitlement.push(new RowMap());
    return this.#byEntitlement[entitlement]!;
  }

  /** Rows `from … end`, so that one map after the other is filled. */
  #rowsByEntitlement(from: number, end: number): Int32Array {
    const next = this.#startsByEntitlement(from, end);
    const rows = new Int32Array(end - from);
    for (let row = from; row < end; row++) rows[next[this.entitlementOf(row)]!++] = row;
    return rows;
  }

  /** Where those of each entitlement begin when rows `from … end` stand by entitlement. */
  #startsByEntitlement(from: number, end: number): Int32Array {
    let entitlements = 0;
    for (let row = from; row < end; row++) entitlements = Math.max(entitlements, this.entitlementOf(row) + 1);
    const starts = new Int32Array(entitlements + 1);
    for (let row = from; row < end; row++) starts[this.entitlementOf(row) + 1]!++;
    for (let entitlement = 1; entitlement <= entitlements; entitlement++) {
      starts[entitlement]! += starts[entitlement - 1]!;
    }
    return starts;
  }

  #isArranged(end: number): boolean {
    for (let row = 1; row < end; row++) if (this.entitlementOf(row) < this.entitlementOf(row - 1)) return false;
    return true;
  }

  #grow(): void {
    const size = roomFor(this.memberAt.length);
    this.#cells = largerIntegers(this.#cells, size * WIDTH);
    this.memberAt = largerFloats(this.memberAt, size);
    this.lastUsedAt = largerFloats(this.lastUsedAt, size);
  }
}
