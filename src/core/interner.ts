/** Texts to dense ids and back. Ids are handed out in order and never reused. */
export class Interner {
  readonly #ids: Map<string, number> = new Map();
  readonly #texts: string[] = [];

  get size(): number {
    return this.#texts.length;
  }

  /** The id of a text, or -1 when it was never seen. */
  find(text: string): number {
    return this.#ids.get(text) ?? -1;
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
