/** Texts to dense ids and back. Ids are handed out in order and never reused. */
export class Interner {
  readonly #ids: Map<string, number> = new Map();
  readonly #texts: string[] = [];
  /** Loads bring the rows of one user one after the other, and users and attributes in the same order again and again. */
  #last = -1;

  get size(): number {
    return this.#texts.length;
  }

  /** The id of a text, or -1 when it was never seen. */
  find(text: string): number {
    if (text === this.#texts[this.#last]) return this.#last;
    if (text === this.#texts[this.#last + 1]) return ++this.#last;
    this.#last = this.#ids.get(text) ?? -1;
    return this.#last;
  }

  intern(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#texts.length;
    this.#ids.set(text, id);
    this.#texts.push(text);
    return id;
  }

  textOf(id: number): string {
    return this.#texts[id]!;
  }
}
