/** A progress bar on a terminal; elsewhere nothing but a line at the end. */
import { Presets, SingleBar } from "cli-progress";
import type { Output } from "./terminal.ts";

export class ProgressLine {
  readonly #out: Output;
  readonly #title: string;
  readonly #bar: SingleBar | null;
  readonly #startedMs: number = performance.now();
  #done = 0;

  constructor(out: Output, title: string, total: number) {
    this.#out = out;
    this.#title = title;
    this.#bar = out.isTTY ? newBar(out, title) : null;
    this.#bar?.start(total, 0);
  }

  advance(by: number): void {
    this.#done += by;
    this.#bar?.update(this.#done);
  }

  end(): void {
    this.#bar?.stop();
    const seconds = ((performance.now() - this.#startedMs) / 1000).toFixed(1);
    if (this.#bar === null) this.#out.write(`${this.#title}: ${this.#done} rows in ${seconds} s\n`);
  }
}

function newBar(stream: NodeJS.WritableStream, title: string): SingleBar {
  const format = `${title} {bar} {percentage} % · {value} of {total} · {duration_formatted}`;
  return new SingleBar({ stream, format, hideCursor: true, gracefulExit: false }, Presets.shades_classic);
}
