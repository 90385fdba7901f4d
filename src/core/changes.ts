/** What the events of one step touched: the work list of the rest of the step, and what must be written down. */
import { largerBytes } from "./larger.ts";

/** Dense ids, each once, in the order in which they were first added. */
export class IdSet {
  #ids: number[] = [];
  #marked: Uint8Array = new Uint8Array(64);

  get ids(): readonly number[] {
    return this.#ids;
  }

  add(id: number): void {
    if (id >= this.#marked.length) {
      this.#marked = largerBytes(this.#marked, Math.max(id + 1, this.#marked.length * 2));
    }
    if (this.#marked[id] === 1) return;
    this.#marked[id] = 1;
    this.#ids.push(id);
  }

  has(id: number): boolean {
    return this.#marked[id] === 1;
  }

  clear(): void {
    for (const id of this.#ids) this.#marked[id] = 0;
    this.#ids.length = 0;
  }

  /** The ids; none is left. */
  take(): readonly number[] {
    const ids = this.#ids;
    for (const id of ids) this.#marked[id] = 0;
    this.#ids = [];
    return ids;
  }
}

export class Changes {
  /** Identities whose registers changed. */
  readonly users: IdSet = new IdSet();
  /** Rows of `Pairs` whose registers changed. */
  readonly assignments: IdSet = new IdSet();
  /** Entitlements whose catalog entry is new or changed. */
  readonly entitlements: IdSet = new IdSet();
  readonly applications: Set<string> = new Set();
  /** Rows whose published columns changed, and pairs of which nothing is published any more. */
  readonly published: IdSet = new IdSet();
  unpublished: [entitlement: number, user: number][] = [];
  /** Id of the last event that named a user or a row. */
  readonly causeOfUser: Map<number, string> = new Map();
  readonly causeOfRow: Map<number, string> = new Map();

  takeUnpublished(): [entitlement: number, user: number][] {
    const { unpublished } = this;
    this.unpublished = [];
    return unpublished;
  }

  /** Forgets all but what was published or is published no more: that is taken. */
  clear(): void {
    this.users.clear();
    this.assignments.clear();
    this.entitlements.clear();
    this.applications.clear();
    this.causeOfUser.clear();
    this.causeOfRow.clear();
  }
}
