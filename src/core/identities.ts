/**
 * What is known of people: registers of existence, of every attribute and of the other fields.
 *
 * A full image stamps everything, also what it leaves out and what nobody named yet; so a user has one stamp for the
 * last image and own stamps only for what was written after it.
 */
import type {
  IdentityChanged,
  IdentityEvent,
  IdentityFields,
  IdentityUpserted,
  Outcome,
  RejectReason,
} from "../events/event.ts";
import { IntLists } from "./int-lists.ts";
import { Interner } from "./interner.ts";
import { ItemMarks } from "./item-marks.ts";
import type { Items } from "./items.ts";
import { largerBytes, largerFloats } from "./larger.ts";
import { type Moment, NEVER, stampFor, wins } from "./registers.ts";
import type { UserRow } from "./rows.ts";
import { IDENTITY_ITEMS_MAX } from "./settings.ts";

export const ACTIVE = 1;
export const REMOVED = 2;

const FIELDS = ["kind", "name", "email", "manager", "company", "endsAt", "lastLoginAt"] as const;
type Fields = { [K in keyof IdentityFields]: Exclude<IdentityFields[K], undefined> };
type Field = (typeof FIELDS)[number];
/** Own stamps of fields stand beside those of attributes; no attribute name contains U+0000. */
const FIELD_KEYS = Object.fromEntries(FIELDS.map((field) => [field, `\u0000${field}`])) as Record<Field, string>;

interface Registers {
  readonly s: number;
  readonly sa: number | null;
  readonly ia: number | null;
  readonly a: readonly number[];
  readonly o?: readonly (readonly [string, number])[];
  readonly f?: Fields;
  /** 1: an event named an attribute, so that a further one is a move. */
  readonly n: number;
  readonly p?: readonly number[];
  readonly c?: number;
}

export class Identities {
  readonly names: Interner = new Interner();
  /** ACTIVE, REMOVED, or 0 for an identity that no event ever made active; by user. */
  state: Uint8Array = new Uint8Array(64);
  /** Stamp of the last change of feature items (ms), or NEVER. */
  itemsChangedAt: Float64Array = new Float64Array(64).fill(NEVER);
  /** By user: item ids of all attributes, features or not, in item order. */
  readonly attributes: IntLists = new IntLists();
  /** By user: the previous items. */
  readonly previousMarks: ItemMarks = new ItemMarks();
  readonly #items: Items;
  #stateAt: Float64Array = new Float64Array(64).fill(NEVER);
  #imageAt: Float64Array = new Float64Array(64).fill(NEVER);
  #attributesNamed: Uint8Array = new Uint8Array(64);
  readonly #ownStamps: Map<number, Map<string, number>> = new Map();
  readonly #fields: Map<number, Fields> = new Map();
  readonly #previousItems: Map<number, readonly number[]> = new Map();

  constructor(items: Items) {
    this.#items = items;
  }

  get size(): number {
    return this.names.size;
  }

  intern(user: string): number {
    const id = this.names.intern(user);
    if (id === this.state.length) {
      const size = id * 2;
      this.state = largerBytes(this.state, size);
      this.itemsChangedAt = largerFloats(this.itemsChangedAt, size, NEVER);
      this.#attributesNamed = largerBytes(this.#attributesNamed, size);
      this.#stateAt = largerFloats(this.#stateAt, size, NEVER);
      this.#imageAt = largerFloats(this.#imageAt, size, NEVER);
    }
    this.attributes.reserve(id + 1);
    return id;
  }

  isActive(user: number): boolean {
    return this.state[user] === ACTIVE;
  }

  /** Feature items in item order; those of an identity that is not active too. */
  featuresOf(user: number): number[] {
    return this.attributes.toArray(user).filter((item) => this.#items.isFeature(item));
  }

  previousItemsOf(user: number): readonly number[] {
    return this.#previousItems.get(user) ?? [];
  }

  kindOf(user: number): string | null {
    return this.#fields.get(user)?.kind ?? null;
  }

  apply(user: number, event: IdentityEvent, moment: Moment): Outcome {
    switch (event.type) {
      case "identity.removed":
        return this.#setState(user, REMOVED, moment);
      case "identity.upserted":
        return this.#applyImage(user, event, moment);
      case "identity.changed":
        return this.#applyChange(user, event, moment);
    }
  }

  #setState(user: number, state: number, moment: Moment): "applied" | "unchanged" | "late" {
    const register = this.#stateAt[user]!;
    if (!wins(moment, register)) return "late";
    const changed = this.state[user] !== state;
    this.state[user] = state;
    this.#stateAt[user] = stampFor(moment, register);
    return changed ? "applied" : "unchanged";
  }

  #applyImage(user: number, event: IdentityUpserted, moment: Moment): Outcome {
    const imageAt = this.#imageAt[user]!;
    if (!wins(moment, imageAt)) {
      this.#noteNamed(user, event);
      return this.#setState(user, ACTIVE, moment);
    }
    const own = this.#ownStamps.get(user);
    // The image itself wins; what has a stamp of its own may be newer.
    const open = own === undefined ? null : (key: string): boolean => wins(moment, own.get(key) ?? imageAt);
    const kept = open === null ? [] : this.#itemsKept(user, (attribute) => !open(attribute));
    const next = this.#withNamed(kept, event, open);
    if (this.#tooMany(next)) return TOO_MANY_ITEMS;
    const newImageAt = stampFor(moment, imageAt);
    let changed = this.#setItems(user, next, moment);
    this.#noteNamed(user, event);
    for (const field of FIELDS) {
      if ((open === null || open(FIELD_KEYS[field])) && this.#setField(user, field, event[field] ?? null))
        changed = true;
    }
    this.#imageAt[user] = newImageAt;
    if (own !== undefined) this.#dropStamps(user, own, newImageAt);
    const state = this.#setState(user, ACTIVE, moment);
    return changed || state === "applied" ? "applied" : "unchanged";
  }

  #applyChange(user: number, event: IdentityChanged, moment: Moment): Outcome {
    const imageAt = this.#imageAt[user]!;
    const own = this.#ownStamps.get(user);
    const open = (key: string): boolean => wins(moment, own?.get(key) ?? imageAt);
    const named = event.attributes.map(([name]) => name).filter(open);
    const namedFields = FIELDS.filter((field) => event[field] !== undefined);
    const openFields = namedFields.filter((field) => open(FIELD_KEYS[field]));
    const touched = [...named, ...openFields.map((field) => FIELD_KEYS[field])];
    if (touched.length === 0) {
      this.#noteNamed(user, event);
      return event.attributes.length + namedFields.length === 0 ? "unchanged" : "late";
    }
    const kept = this.#itemsKept(user, (attribute) => !named.includes(attribute));
    const next = this.#withNamed(kept, event, open);
    if (this.#tooMany(next)) return TOO_MANY_ITEMS;
    let changed = this.#setItems(user, next, moment);
    this.#noteNamed(user, event);
    for (const field of openFields) if (this.#setField(user, field, event[field] ?? null)) changed = true;
    const stamps = own ?? new Map<string, number>();
    for (const key of touched) stamps.set(key, stampFor(moment, stamps.get(key) ?? imageAt));
    this.#ownStamps.set(user, stamps);
    return changed ? "applied" : "unchanged";
  }

  #itemsKept(user: number, keep: (attribute: string) => boolean): number[] {
    return this.attributes.toArray(user).filter((item) => keep(this.#items.attributeOf(item)));
  }

  /** Adds the items that the event names; `open` null: all of them. In item order. */
  #withNamed(
    items: number[],
    event: IdentityUpserted | IdentityChanged,
    open: ((attribute: string) => boolean) | null,
  ): number[] {
    for (const [name, values] of event.attributes) {
      if (open === null || open(name)) for (const value of values) items.push(this.#items.intern(name, value));
    }
    items.sort((a, b) => this.#items.compare(a, b));
    return items.filter((item, i) => i === 0 || item !== items[i - 1]);
  }

  #tooMany(items: readonly number[]): boolean {
    let features = 0;
    for (const item of items) if (this.#items.isFeature(item)) features++;
    return features > IDENTITY_ITEMS_MAX;
  }

  #noteNamed(user: number, event: IdentityUpserted | IdentityChanged): void {
    if (event.attributes.length > 0) this.#attributesNamed[user] = 1;
  }

  /** Only who had attributes before can move. */
  #setItems(user: number, next: readonly number[], moment: Moment): boolean {
    const before = this.attributes.toArray(user);
    if (sameIntegers(before, next)) return false;
    this.attributes.assign(user, next);
    if (this.#attributesNamed[user] === 0) return true;
    const featuresBefore = before.filter((item) => this.#items.isFeature(item));
    const features = next.filter((item) => this.#items.isFeature(item));
    if (!sameIntegers(featuresBefore, features)) {
      this.#setPrevious(user, featuresBefore);
      const last = this.itemsChangedAt[user]!;
      this.itemsChangedAt[user] = Math.max(last, stampFor(moment, last));
    }
    return true;
  }

  #setPrevious(user: number, items: readonly number[]): void {
    this.#previousItems.set(user, items);
    this.previousMarks.mark(user, items);
  }

  #setField<K extends (typeof FIELDS)[number]>(user: number, field: K, value: Fields[K] | null): boolean {
    const fields = this.#fields.get(user);
    if ((fields?.[field] ?? null) === value) return false;
    this.#fields.set(user, { ...fields, [field]: value });
    return true;
  }

  /** The image covers what is not newer than itself. */
  #dropStamps(user: number, own: Map<string, number>, imageAt: number): void {
    for (const [key, stamp] of own) if (stamp <= imageAt) own.delete(key);
    if (own.size === 0) this.#ownStamps.delete(user);
  }

  row(user: number): UserRow {
    const own = this.#ownStamps.get(user);
    const fields = this.#fields.get(user);
    const previous = this.#previousItems.get(user);
    // JSON leaves out what is undefined.
    const registers: { [Key in keyof Registers]: Registers[Key] | undefined } = {
      s: this.state[user]!,
      sa: finite(this.#stateAt[user]!),
      ia: finite(this.#imageAt[user]!),
      a: this.attributes.toArray(user),
      n: this.#attributesNamed[user]!,
      o: own === undefined ? undefined : [...own],
      f: fields,
      p: previous,
      c: previous === undefined ? undefined : this.itemsChangedAt[user]!,
    };
    return [user, this.names.textOf(user), JSON.stringify(registers)];
  }

  load([, user, json]: UserRow): void {
    const id = this.intern(user);
    const registers = JSON.parse(json) as Registers;
    this.state[id] = registers.s;
    this.#stateAt[id] = registers.sa ?? NEVER;
    this.#imageAt[id] = registers.ia ?? NEVER;
    this.attributes.assign(id, registers.a);
    this.#attributesNamed[id] = registers.n;
    if (registers.o !== undefined) this.#ownStamps.set(id, new Map(registers.o));
    if (registers.f !== undefined) this.#fields.set(id, registers.f);
    if (registers.p === undefined) return;
    this.#setPrevious(id, registers.p);
    this.itemsChangedAt[id] = registers.c ?? NEVER;
  }
}

const TOO_MANY_ITEMS: RejectReason = {
  field: "attributes",
  expectation: `at most ${IDENTITY_ITEMS_MAX} feature items an identity, counting every value of multi-valued attributes`,
};

export function finite(stamp: number): number | null {
  return stamp === NEVER ? null : stamp;
}

function sameIntegers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
