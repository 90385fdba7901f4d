/**
 * The demo's output: lines as they come, never more a second than can be read, and a line of totals. Works the same
 * without a terminal, where the totals come more rarely.
 */
import type { Delta } from "../events/delta.ts";
import type { InputEvent } from "../events/event.ts";
import { deltaLine, eventLine } from "./demo-lines.ts";
import type { Tally, TallyNumbers } from "./tally.ts";

const LINES_PER_SECOND_MAX = 12;
const LINES_PER_EVENT_MAX = 4;
const TOTALS_EVERY_MS = 5_000;
const WIDTH_DEFAULT = 160;

export interface ScreenOutput {
  write(text: string): unknown;
  readonly columns?: number;
}

export interface DemoScreenOptions {
  /** ms of a clock that never goes back */
  readonly now: () => number;
  /** Every event and all that follows, however fast it scrolls. */
  readonly everything: boolean;
}

export class DemoScreen {
  readonly #out: ScreenOutput;
  readonly #tally: Tally;
  readonly #now: () => number;
  readonly #everything: boolean;
  readonly #startedMs: number;
  #secondStartedMs: number;
  #linesThisSecond = 0;
  #totalsAtMs: number;
  #expected: InputEvent[] = [];
  #events = 0;
  #deltas = 0;

  constructor(out: ScreenOutput, tally: Tally, { now, everything }: DemoScreenOptions) {
    this.#out = out;
    this.#tally = tally;
    this.#now = now;
    this.#everything = everything;
    this.#startedMs = this.#secondStartedMs = this.#totalsAtMs = now();
  }

  /** Events that are on their way into the engine. */
  expect(events: readonly InputEvent[]): void {
    for (const event of events) this.#expected.push(event);
  }

  /** One published step. */
  show(deltas: readonly Delta[]): void {
    const events = this.#expected;
    this.#expected = [];
    this.#events += events.length;
    this.#deltas += deltas.length;
    for (const delta of deltas) this.#tally.take(delta);

    const byCause = groupByCause(deltas);
    for (const event of events) {
      const caused = event.id === undefined ? [] : (byCause.get(event.id) ?? []);
      this.#showBlock(eventLine(event), caused);
    }
    this.#showBlock(null, byCause.get(null) ?? []);
    if (this.#now() - this.#totalsAtMs >= TOTALS_EVERY_MS) this.showTotals();
  }

  get totals(): TallyNumbers & { readonly events: number; readonly deltas: number } {
    return { events: this.#events, deltas: this.#deltas, ...this.#tally.numbers };
  }

  showTotals(): void {
    this.#totalsAtMs = this.#now();
    const seconds = Math.max(0.001, (this.#totalsAtMs - this.#startedMs) / 1000);
    const { predictions, recommendations, flags } = this.#tally.numbers;
    const raised = Object.entries(flags).filter(([, count]) => count > 0);
    this.#write(
      `= ${this.#events} events in (${(this.#events / seconds).toFixed(0)}/s), ${this.#deltas} deltas out · ` +
        `access held: ${predictions.high} high, ${predictions.medium} medium, ${predictions.low} low, ${predictions.none} not scored · ` +
        `${recommendations} recommendations` +
        (raised.length === 0 ? "" : ` · ${raised.map(([flag, count]) => `${count} ${flag}`).join(", ")}`),
      Number.POSITIVE_INFINITY,
    );
  }

  #showBlock(title: string | null, deltas: readonly Delta[]): void {
    const lines = deltas.flatMap((delta) => deltaLine(delta) ?? []);
    if (lines.length === 0 && !(this.#everything && title !== null)) return;
    const shown = this.#everything ? lines : lines.slice(0, LINES_PER_EVENT_MAX);
    const block = [...(title === null ? [] : [title]), ...shown.map((line) => `  ${line}`)];
    if (lines.length > shown.length) block.push(`  … and ${lines.length - shown.length} more`);
    if (!this.#everything && !this.#hasRoomFor(block.length)) return;
    for (const line of block) this.#write(line, this.#out.columns ?? WIDTH_DEFAULT);
  }

  #hasRoomFor(lines: number): boolean {
    if (this.#now() - this.#secondStartedMs >= 1000) {
      this.#secondStartedMs = this.#now();
      this.#linesThisSecond = 0;
    }
    if (this.#linesThisSecond + lines > LINES_PER_SECOND_MAX) return false;
    this.#linesThisSecond += lines;
    return true;
  }

  #write(line: string, width: number): void {
    this.#out.write(`${line.length > width ? `${line.slice(0, width - 1)}…` : line}\n`);
  }
}

function groupByCause(deltas: readonly Delta[]): Map<string | null, Delta[]> {
  const groups = new Map<string | null, Delta[]>();
  for (const delta of deltas) {
    const group = groups.get(delta.cause);
    if (group) group.push(delta);
    else groups.set(delta.cause, [delta]);
  }
  return groups;
}
