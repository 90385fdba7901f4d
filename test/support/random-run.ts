/**
 * Seeded random runs of the engine: settings, and what is done with it. A run is plain data, so that a failing one can
 * be shrunk and saved. Companies are small and their access has reasons: nearly all grants of an entitlement go to
 * people who share one attribute value, its home.
 */
import type { StepEvent } from "../../src/core/engine.ts";
import type { Settings } from "../../src/core/settings.ts";
import type { InputEvent } from "../../src/events/event.ts";
import { type Company, randomCompany } from "./random-company.ts";
import { randomChange, randomOpening } from "./random-events.ts";
import { randomSettings } from "./random-settings.ts";
import { RandomSource } from "./random-source.ts";

export type Action =
  | {
      readonly do: "step";
      readonly clockMinute: number;
      readonly budgetRecords: number;
      readonly catchUp: boolean;
      /** Absent: everything is counted at once. */
      readonly countedAtOnceMax?: number;
      readonly events: readonly StepEvent[];
    }
  /** Steps without events until nothing is pending. */
  | { readonly do: "settle"; readonly budgetRecords: number }
  /** A new engine, loaded with the rows that the old one gave away. */
  | { readonly do: "restart" }
  /** The same, but the rows of what was published are lost, and taken from the topics instead. */
  | { readonly do: "restore" }
  /** The same, with other settings. */
  | { readonly do: "reconfigure"; readonly settings: Settings }
  | { readonly do: "reconcile" };

export interface Run {
  readonly settings: Settings;
  readonly actions: readonly Action[];
}

const STEPS_A_RESTART = 8;
const STEPS_A_REORGANISATION = 3;
const MOVERS_MAX = 12;
const START_MS = Date.UTC(2026, 0, 1);

/** `materialities`: to pick from, in hundredths. */
export function randomRun(seed: number, eventsMin: number, materialities: readonly number[]): Run {
  const random = new RandomSource(seed);
  const company = randomCompany(random);
  const settings = randomSettings(random, company, materialities);
  const stream = randomStream(random, company, eventsMin);
  /** Features say what an item is, and so what moved when: they stay. */
  const otherSettings = (): Settings => ({
    ...randomSettings(random, company, materialities),
    features: settings.features,
  });
  return { settings, actions: cut(random, stream, otherSettings) };
}

/** The same events, the second half one by one, with restarts before everything has been looked at. */
export function restless({ settings, actions }: Run): Run {
  const half = Math.floor(actions.length / 2);
  const later = actions.slice(half).flatMap((action): Action[] => {
    if (action.do !== "step") return action.do === "settle" ? [] : [action];
    return action.events.map((event) => ({ ...action, budgetRecords: 1, catchUp: false, events: [event] }));
  });
  const restarted = later.flatMap((action, i): Action[] =>
    i % STEPS_A_RESTART === 0 ? [{ do: "restart" }, action] : [action],
  );
  return { settings, actions: [...actions.slice(0, half), ...restarted] };
}

/**
 * The same events, the second half of them one by one, with a mass after every few: many people become what others were
 * in the beginning, and in every second mass others lose access.
 */
export function reorganised({ settings, actions }: Run): Run {
  const half = Math.floor(actions.length / 2);
  const images = actions.slice(0, half).flatMap((action) => (isStep(action) ? action.events : []));
  const people = images.flatMap(({ event }) => (event.type === "identity.upserted" ? [event] : []));
  const grants = images.flatMap(({ event }) => (event.type === "assignment.granted" ? [event] : []));
  const later = actions.slice(half).flatMap((action, i): Action[] => {
    const countedAtOnceMax = i % 3;
    if (!isStep(action)) return action.do === "settle" && countedAtOnceMax > 0 ? [] : [action];
    const step = { ...action, catchUp: false, countedAtOnceMax };
    const steps = action.events.map((event) => ({ ...step, events: [event] }));
    if (i % STEPS_A_REORGANISATION > 0 || people.length === 0) return steps;
    const { recordAtMs } = action.events.at(-1) ?? { recordAtMs: action.clockMinute * 60_000 };
    const movers = people.slice(i % people.length, (i % people.length) + 1 + (i % MOVERS_MAX));
    const moves = movers.map(({ user }, mover): StepEvent => {
      const { attributes } = people[(i + mover + 1) % people.length]!;
      return { event: { type: "identity.changed", user, attributes, at: recordAtMs }, recordAtMs };
    });
    const others = grants.filter(({ user }) => movers.every((mover) => mover.user !== user));
    const first = others.length === 0 ? 0 : (i * MOVERS_MAX) % others.length;
    // Most events of a mass are about people, in every second one all.
    const end = i % (2 * STEPS_A_REORGANISATION) > 0 ? first + movers.length - 1 : first;
    const revocations = others.slice(first, end).map(({ user, entitlement }): StepEvent => {
      return { event: { type: "assignment.revoked", user, entitlement, at: recordAtMs }, recordAtMs };
    });
    return [{ ...step, events: [...moves, ...revocations] }, ...steps];
  });
  return { settings, actions: [...actions.slice(0, half), ...later] };
}

/** Events in the order in which they are read. Time passes between them. */
function randomStream(random: RandomSource, company: Company, eventsMin: number): StepEvent[] {
  const stream: StepEvent[] = [];
  let nowMs = START_MS;
  const read = (event: InputEvent): void => {
    nowMs += random.chance(0.3) ? 0 : random.between(0, 5 * 60_000);
    const dated = event.type === "clock.ticked" ? tick(random, nowMs) : date(random, event, nowMs);
    if (dated.type === "clock.ticked") nowMs = Math.max(nowMs, dated.at);
    const id = random.chance(0.3) ? { id: `event-${stream.length}` } : {};
    stream.push({ event: { ...dated, ...id }, recordAtMs: nowMs });
  };
  for (const event of randomOpening(random, company)) read(event);
  while (stream.length < eventsMin) {
    if (random.chance(0.05)) stream.push({ event: random.pick(stream).event, recordAtMs: nowMs });
    else read(randomChange(random, company));
  }
  return stream;
}

function tick(random: RandomSource, nowMs: number): InputEvent {
  const aheadMs = random.pick([0, 60_000, 3_600_000, 86_400_000, random.between(1, 100) * 86_400_000]);
  return { type: "clock.ticked", at: nowMs + aheadMs - (random.chance(0.2) ? 3_600_000 : 0) };
}

/** Nearly all events tell when they happened; some late, some without a time, a few too far ahead. */
function date(random: RandomSource, event: InputEvent, nowMs: number): InputEvent {
  const kind = random.weighted({ now: 55, none: 20, minutesAgo: 12, daysAgo: 10, ahead: 2, rejected: 1, epoch: 0.3 });
  const at = {
    now: nowMs,
    none: undefined,
    minutesAgo: nowMs - random.between(0, 60) * 60_000,
    daysAgo: nowMs - random.between(0, 40) * 86_400_000,
    ahead: nowMs + random.between(0, 9) * 60_000,
    rejected: nowMs + 100 * 60_000,
    epoch: 0,
  }[kind];
  return at === undefined ? event : { ...event, at };
}

function cut(random: RandomSource, stream: readonly StepEvent[], otherSettings: () => Settings): Action[] {
  const actions: Action[] = [];
  const isNarrow = random.chance(0.6);
  const budget = (): number => (random.chance(isNarrow ? 0.9 : 0.1) ? random.between(1, 3) : random.pick([20, 20_000]));
  for (let from = 0; from < stream.length; ) {
    const length = random.pick([1, 1, 1, 2, 3, 5, 8, random.between(1, 50)]);
    const catchUp = random.chance(0.05);
    const events = stream.slice(from, from + (catchUp ? length * 3 : length));
    from += events.length;
    const clockMinute = Math.floor(events.at(-1)!.recordAtMs / 60_000);
    actions.push({ do: "step", clockMinute, budgetRecords: budget(), catchUp, events });
    if (random.chance(0.1)) actions.push({ do: "settle", budgetRecords: budget() });
    if (random.chance(0.05)) actions.push({ do: "restart" });
    if (random.chance(0.02)) actions.push({ do: "restore" });
    if (random.chance(0.02)) actions.push({ do: "reconcile" });
    if (random.chance(0.01)) actions.push({ do: "reconfigure", settings: otherSettings() });
    if (random.chance(0.02)) actions.push({ ...actions.findLast(isStep)!, events: [] });
  }
  return actions;
}

function isStep(action: Action): action is Action & { do: "step" } {
  return action.do === "step";
}
