/** What a step leaves behind, made when somebody first asks for it: that must be before the engine goes on. */
export class Deferred<T> {
  #make: (() => T) | null;
  #made: { readonly value: T } | null = null;

  constructor(make: () => T) {
    this.#make = make;
  }

  /** Throws when it is first asked for after `end`. */
  get value(): T {
    if (this.#made !== null) return this.#made.value;
    if (this.#make === null)
      throw new Error("what a step left behind was first asked for after the engine had gone on");
    this.#made = { value: this.#make() };
    this.#make = null;
    return this.#made.value;
  }

  /** The engine goes on: what it would be made of changes. */
  end(): void {
    this.#make = null;
  }
}
