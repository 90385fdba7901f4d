/** One who sums all deltas, and complains about any that does not fit what it was told before. */
import type { PublishedRow } from "../../src/core/rows.ts";
import type { PairFlagsRow, PairScoreRow, View } from "../../src/core/tables.ts";
import type { Delta, Flag, Item, Score } from "../../src/events/delta.ts";
import type { RowStore } from "./row-store.ts";

export const TOPICS = ["predictions", "recommendations", "flags"] as const;
export type Topic = (typeof TOPICS)[number];

/** By pair: what is published of it, as text. */
export type Topics = Readonly<Record<Topic, Map<string, string>>>;

export function pairKey(user: string, entitlement: string): string {
  return `${JSON.stringify(user)} → ${JSON.stringify(entitlement)}`;
}

export function topicsOf(view: View): Topics {
  const scores = (rows: readonly PairScoreRow[]): Map<string, string> =>
    new Map(rows.map((row) => [pairKey(row.user, row.entitlement), scoreText(row.score)]));
  const flags = (row: PairFlagsRow): [string, string] => [pairKey(row.user, row.entitlement), flagsText(row.flags)];
  return {
    predictions: scores(view.predictions),
    recommendations: scores(view.recommendations),
    flags: new Map(view.flags.map(flags)),
  };
}

function itemsText(items: readonly Item[]): string {
  return items.map(({ attribute, value }) => `${JSON.stringify(attribute)}=${JSON.stringify(value)}`).join(", ");
}

function scoreText({ rule, freqUnion, freq, band, reason }: Score): string {
  return `[${itemsText(rule)}] ${freqUnion} of ${freq}, ${band ?? "no"} band, ${reason ?? "scored"}`;
}

function flagsText(flags: readonly Flag[]): string {
  return flags.map((flag) => (flag.flag === "outlier" ? `${flag.flag} (${flag.type})` : flag.flag)).join(" ");
}

export class Consumer {
  readonly topics: Topics = { predictions: new Map(), recommendations: new Map(), flags: new Map() };
  /** What each code in published rows was found to mean. */
  readonly #codes = new Map<string, string>();

  /** Takes one step's deltas; what is wrong with them, in words. */
  take(deltas: readonly Delta[]): string[] {
    const faults: string[] = [];
    const named = new Set<string>();
    for (const delta of deltas) {
      const topic = topicOf(delta);
      const key = pairKey(delta.user, delta.entitlement);
      const told = this.topics[topic].get(key);
      const fault = (text: string): number => faults.push(`${delta.type} ${key}: ${text}`);
      if (named.has(`${topic} ${key}`)) fault("a second time in one step");
      named.add(`${topic} ${key}`);
      const now = valueOf(delta);
      if (now === told) fault(`tells nothing new (${now ?? "nothing was published"})`);
      if (hasPrevious(delta) && previousOf(delta) !== told) fault(`previous is ${previousOf(delta)}, was ${told}`);
      if (now === undefined) this.topics[topic].delete(key);
      else this.topics[topic].set(key, now);
    }
    return faults;
  }

  /** Where the published rows do not say the same as the deltas. */
  compareRows(store: RowStore): string[] {
    const faults: string[] = [];
    const rows = new Map([...store.published.values()].map((row) => [this.#pairOf(row, store), row]));
    const kinds = { predictions: 1, recommendations: 2 } as const;
    for (const [topic, kind] of Object.entries(kinds) as [keyof typeof kinds, number][]) {
      for (const [key, told] of this.topics[topic]) {
        const row = rows.get(key);
        const text = row?.[2] === kind ? this.#rowText(row, store, told) : "no row";
        if (text !== told) faults.push(`row of ${topic} ${key}: ${text}, told ${told}`);
      }
    }
    for (const [key, told] of this.topics.flags) {
      const text = this.#meaning("flags", rows.get(key)?.[8] ?? 0, told);
      if (text !== told) faults.push(`row of flags ${key}: ${text}, told ${told}`);
    }
    for (const [key, row] of rows) {
      if (row[2] === 1 && !this.topics.predictions.has(key)) faults.push(`row of ${key}: a prediction, none was told`);
      if (row[2] === 2 && !this.topics.recommendations.has(key))
        faults.push(`row of ${key}: a recommendation, none was told`);
      if (row[8] !== 0 && !this.topics.flags.has(key)) faults.push(`row of ${key}: flags, none were told`);
    }
    return faults;
  }

  #pairOf(row: PublishedRow, store: RowStore): string {
    return pairKey(store.users.get(row[1])![1], store.entitlements.get(row[0])![1]);
  }

  #rowText(row: PublishedRow, store: RowStore, told: string): string {
    const [, , , rule, freqUnion, freq, band, reason] = row;
    const ids = rule === "" ? [] : rule.split(" ").map(Number);
    const items = ids.map((id) => store.items.get(id)!).map(([, attribute, value]) => ({ attribute, value }));
    const numbers = `[${itemsText(items)}] ${freqUnion} of ${freq}, `;
    if (!told.startsWith(numbers)) return numbers;
    return numbers + this.#meaning("band and reason", band * 100 + reason, told.slice(numbers.length));
  }

  /** Codes are the engine's own: any will do, as long as each always means the same. */
  #meaning(of: string, code: number, told: string): string {
    const known = this.#codes.get(`${of} ${code}`);
    if (known !== undefined) return known;
    this.#codes.set(`${of} ${code}`, told);
    return told;
  }
}

function topicOf(delta: Delta): Topic {
  if (delta.type.startsWith("prediction")) return "predictions";
  return delta.type.startsWith("recommendation") ? "recommendations" : "flags";
}

function valueOf(delta: Delta): string | undefined {
  if ("score" in delta) return scoreText(delta.score);
  return "flags" in delta ? flagsText(delta.flags) : undefined;
}

function hasPrevious(delta: Delta): delta is Extract<Delta, { previous: unknown }> {
  return "previous" in delta;
}

function previousOf({ previous }: Extract<Delta, { previous: unknown }>): string | undefined {
  if (previous === null) return undefined;
  if ("rule" in previous) return scoreText(previous);
  return previous.length === 0 ? undefined : flagsText(previous);
}
