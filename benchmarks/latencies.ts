/** Durations of one kind of event; percentiles are exact, every duration is kept. */
export class Latencies {
  #milliseconds: Float64Array = new Float64Array(1024);
  #count = 0;

  add(milliseconds: number): void {
    if (this.#count === this.#milliseconds.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#milliseconds);
      this.#milliseconds = larger;
    }
    this.#milliseconds[this.#count++] = milliseconds;
  }

  summary(): { count: number; meanMs: number; p50Ms: number; p99Ms: number; maxMs: number } {
    const sorted = this.#milliseconds.slice(0, this.#count).sort();
    const at = (share: number): number =>
      round(sorted[Math.min(this.#count - 1, Math.floor(share * this.#count))] ?? 0);
    const sum = sorted.reduce((total, value) => total + value, 0);
    return {
      count: this.#count,
      meanMs: round(sum / (this.#count || 1)),
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: at(1),
    };
  }
}

const round = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000;
