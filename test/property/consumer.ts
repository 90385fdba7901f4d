/** One who sums all deltas, and complains about any that does not fit what it was told before. */
import type { PublishedRow } from "../../src/core/rows.ts";
import type { View } from "../../src/core/tables.ts";
import type { Delta, Flag, Item, Score } from "../../src/events/delta.ts";
import { type Key, pairKey } from "./keys.ts";
import type { RowStore } from "./row-store.ts";
import { sameFlags, sameItems, sameScore } from "./same.ts";

export const TOPICS = ["predictions", "recommendations", "flags"] as const;
export type Topic = (typeof TOPICS)[number];

type Told = Score | readonly Flag[];
/** By pair: what is published of it. */
export type Topics = Readonly<Record<Topic, Map<Key, Told>>>;

export function topicsOf(view: View): Topics {
  const topics: Topics = { predictions: new Map(), recommendations: new Map(), flags: new Map() };
  for (const { user, entitlement, score } of view.predictions)
    topics.predictions.set(pairKey(user, entitlement), score);
  for (const { user, entitlement, score } of view.recommendations)
    topics.recommendations.set(pairKey(user, entitlement), score);
  for (const { user, entitlement, flags } of view.flags) topics.flags.set(pairKey(user, entitlement), flags);
  return topics;
}

/** Compares all pairs, or the given ones only. */
export function compareTopics(got: Topics, expected: Topics, only: ReadonlySet<Key> | null = null): string[] {
  const faults: string[] = [];
  for (const topic of TOPICS) {
    const [has, should] = [got[topic], expected[topic]];
    const look = (pair: Key): void => {
      const [one, other] = [has.get(pair), should.get(pair)];
      if (!sameTold(one, other)) faults.push(`${topic} ${pair.text}: ${toldText(one)}, expected ${toldText(other)}`);
    };
    for (const pair of only ?? should.keys()) look(pair);
    if (only === null) for (const pair of has.keys()) if (!should.has(pair)) look(pair);
  }
  return faults;
}

function sameTold(a: Told | undefined, b: Told | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  if ("rule" in a) return "rule" in b && sameScore(a, b);
  return !("rule" in b) && sameFlags(a, b);
}

function toldText(told: Told | undefined): string {
  if (told === undefined) return "none";
  if (!("rule" in told)) return flagsText(told);
  const { rule, freqUnion, freq, band, reason } = told;
  return `[${itemsText(rule)}] ${freqUnion} of ${freq}, ${band ?? "no"} band, ${reason ?? "scored"}`;
}

function itemsText(items: readonly Item[]): string {
  return items.map(({ attribute, value }) => `${JSON.stringify(attribute)}=${JSON.stringify(value)}`).join(", ");
}

function flagsText(flags: readonly Flag[]): string {
  return flags.map((flag) => (flag.flag === "outlier" ? `${flag.flag} (${flag.type})` : flag.flag)).join(" ");
}

export class Consumer {
  readonly topics: Topics = { predictions: new Map(), recommendations: new Map(), flags: new Map() };
  /** What each code in published rows was found to mean. */
  readonly #codes = { score: new Map<number, string>(), flags: new Map<number, string>() };

  /** Takes one step's deltas; what is wrong with them, in words. */
  take(deltas: readonly Delta[]): string[] {
    const faults: string[] = [];
    const named = { predictions: new Set<Key>(), recommendations: new Set<Key>(), flags: new Set<Key>() };
    for (const delta of deltas) {
      const topic = topicOf(delta);
      const key = pairKey(delta.user, delta.entitlement);
      const told = this.topics[topic].get(key);
      const fault = (text: string): number => faults.push(`${delta.type} ${key.text}: ${text}`);
      if (named[topic].has(key)) fault("a second time in one step");
      named[topic].add(key);
      const now = valueOf(delta);
      if (sameTold(now, told)) fault(`tells nothing new (${toldText(now)})`);
      if (hasPrevious(delta) && !sameTold(previousOf(delta), told))
        fault(`previous is ${toldText(previousOf(delta))}, was ${toldText(told)}`);
      if (now === undefined) this.topics[topic].delete(key);
      else this.topics[topic].set(key, now);
    }
    return faults;
  }

  /** Where the published rows do not say the same as the deltas. */
  compareRows(store: RowStore): string[] {
    const faults: string[] = [];
    const { predictions, recommendations, flags } = this.topics;
    const rows = new Map<Key, PublishedRow>();
    for (const row of store.published.values()) rows.set(pairOf(row, store), row);
    for (const [kind, told] of [predictions, recommendations].entries()) {
      for (const [key, score] of told) {
        const row = rows.get(key);
        if (row?.[2] !== kind + 1 || !this.#says(row, store, score as Score))
          faults.push(`row of ${key.text}: ${JSON.stringify(row)}, told ${toldText(score)}`);
      }
    }
    for (const [key, told] of flags) {
      const code = rows.get(key)?.[8] ?? 0;
      if (!means(this.#codes.flags, code, flagsText(told as readonly Flag[])))
        faults.push(`row of flags ${key.text}: ${code}, told ${toldText(told)}`);
    }
    for (const [key, row] of rows) {
      if (row[2] === 1 && !predictions.has(key)) faults.push(`row of ${key.text}: a prediction, none was told`);
      if (row[2] === 2 && !recommendations.has(key)) faults.push(`row of ${key.text}: a recommendation, none was told`);
      if (row[8] !== 0 && !flags.has(key)) faults.push(`row of ${key.text}: flags, none were told`);
    }
    return faults;
  }

  #says([, , , ids, freqUnion, freq, band, reason]: PublishedRow, store: RowStore, told: Score): boolean {
    const rule = ids === "" ? [] : ids.split(" ").map((id) => itemOf(Number(id), store));
    return (
      freqUnion === told.freqUnion &&
      freq === told.freq &&
      sameItems(rule, told.rule) &&
      means(this.#codes.score, band * 100 + reason, `${told.band} ${told.reason}`)
    );
  }
}

/** Codes are the engine's own: any will do, as long as each always means the same. */
function means(codes: Map<number, string>, code: number, meaning: string): boolean {
  const known = codes.get(code);
  if (known === undefined) codes.set(code, meaning);
  return known === undefined || known === meaning;
}

function pairOf(row: PublishedRow, store: RowStore): Key {
  return pairKey(store.users.get(row[1])![1], store.entitlements.get(row[0])![1]);
}

function itemOf(id: number, store: RowStore): Item {
  const [, attribute, value] = store.items.get(id)!;
  return { attribute, value };
}

function topicOf(delta: Delta): Topic {
  if (delta.type.startsWith("prediction")) return "predictions";
  return delta.type.startsWith("recommendation") ? "recommendations" : "flags";
}

function valueOf(delta: Delta): Told | undefined {
  if ("score" in delta) return delta.score;
  return "flags" in delta ? delta.flags : undefined;
}

function hasPrevious(delta: Delta): delta is Extract<Delta, { previous: unknown }> {
  return "previous" in delta;
}

function previousOf({ previous }: Extract<Delta, { previous: unknown }>): Told | undefined {
  if (previous === null) return undefined;
  return "rule" in previous || previous.length > 0 ? previous : undefined;
}
