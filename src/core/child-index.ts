/**
 * Nodes of a tree by parent and item: open addressing over one Int32Array, three integers a slot: [node + 1, parent, item].
 * An empty slot has 0 where the node stands.
 */
const WIDTH = 3;
const PARENT = 1;
const ITEM = 2;

export interface ChildIndexState {
  readonly slots: Int32Array;
  readonly size: number;
}

export class ChildIndex {
  #slots: Int32Array = new Int32Array(64 * WIDTH);
  #mask = 63;
  /** Says nothing, but what nobody takes would not be read. */
  readAhead = 0;
  #size = 0;

  /** See `IntLists.give`. */
  give(): ChildIndexState {
    return { slots: this.#slots, size: this.#size };
  }

  take({ slots, size }: ChildIndexState): void {
    this.#slots = slots;
    this.#size = size;
    this.#mask = slots.length / WIDTH - 1;
  }

  /** The node, or -1. */
  find(parent: number, item: number): number {
    return this.#slots[this.#slotOf(parent, item)]! - 1;
  }

  /** Adds a child that is not there. */
  add(parent: number, item: number, node: number): void {
    if (++this.#size * 3 > this.#mask * 2) this.#resize((this.#mask + 1) * 2);
    this.#put(this.#slotOf(parent, item), node + 1, parent, item);
  }

  /**
   * Adds the nodes `from … end`, whose parents and items these are. Reads where they belong and does nothing else meanwhile, so
   * that the reads wait for memory together.
   */
  addRun(parents: Int32Array, items: Int32Array, from: number, end: number): void {
    let all = 0;
    for (let node = from; node < end; node++) all |= this.#slots[this.#home(parents[node]!, items[node]!)]!;
    this.readAhead = all;
    for (let node = from; node < end; node++) this.add(parents[node]!, items[node]!, node);
  }

  /** Makes room for so many children at once. */
  reserve(children: number): void {
    let capacity = this.#mask + 1;
    while (children * 3 > (capacity - 1) * 2) capacity *= 2;
    if (capacity > this.#mask + 1) this.#resize(capacity);
  }

  /** Removes a child that is there, moving later entries of its run back. */
  delete(parent: number, item: number): void {
    const slots = this.#slots;
    let hole = this.#slotOf(parent, item);
    for (let slot = this.#next(hole); slots[slot] !== 0; slot = this.#next(slot)) {
      const home = this.#home(slots[slot + PARENT]!, slots[slot + ITEM]!);
      if (this.#distance(home, slot) < this.#distance(hole, slot)) continue;
      slots.copyWithin(hole, slot, slot + WIDTH);
      hole = slot;
    }
    slots.fill(0, hole, hole + WIDTH);
    this.#size--;
  }

  /** Where this child stands, or the empty slot where it belongs. */
  #slotOf(parent: number, item: number): number {
    const slots = this.#slots;
    let slot = this.#home(parent, item);
    while (slots[slot] !== 0 && (slots[slot + PARENT] !== parent || slots[slot + ITEM] !== item)) {
      slot = this.#next(slot);
    }
    return slot;
  }

  #put(slot: number, entry: number, parent: number, item: number): void {
    this.#slots[slot] = entry;
    this.#slots[slot + PARENT] = parent;
    this.#slots[slot + ITEM] = item;
  }

  #home(parent: number, item: number): number {
    return (hashOf(parent, item) & this.#mask) * WIDTH;
  }

  #next(slot: number): number {
    return slot === this.#mask * WIDTH ? 0 : slot + WIDTH;
  }

  /** How many slots one lies after another, around the end. */
  #distance(from: number, to: number): number {
    return ((to - from) / WIDTH) & this.#mask;
  }

  #resize(capacity: number): void {
    const old = this.#slots;
    this.#slots = new Int32Array(capacity * WIDTH);
    this.#mask = capacity - 1;
    for (let at = 0; at < old.length; at += WIDTH) {
      if (old[at] === 0) continue;
      const [parent, item] = [old[at + PARENT]!, old[at + ITEM]!];
      this.#put(this.#slotOf(parent, item), old[at]!, parent, item);
    }
  }
}

function hashOf(parent: number, item: number): number {
  let hash = Math.imul(parent + 1, 0x9e3779b1) ^ Math.imul(item + 1, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
