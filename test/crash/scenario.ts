/**
 * What happens to the company of the crash tests: waves of records, each with its time. Small enough that a wave is a
 * few steps, and with everything that recovery could get wrong: ripples that fill several steps, repeated event ids,
 * late events, poison records, flags that time raises.
 */

import { type EncodableEvent, encodeEvent, type InputChannel, routeOf } from "../../src/events/encode-event.ts";
import type { InputEvent } from "../../src/events/event.ts";
import type { AppendRecord } from "../../src/transport/transport.ts";
import { randomCompany } from "../support/random-company.ts";
import { randomChange, randomOpening } from "../support/random-events.ts";
import { RandomSource } from "../support/random-source.ts";

export interface Wave {
  readonly name: string;
  /** When its records are written and read. */
  readonly atMs: number;
  readonly records: readonly AppendRecord[];
}

const START_MS = Date.UTC(2026, 0, 5, 9);
const HOUR_MS = 3_600_000;
/** So that some repeated event ids are older than `dedupDays`. */
const WAVE_MS = 60 * HOUR_MS;

export const TOPICS: Readonly<Record<InputChannel, string>> = {
  identities: "hr.identities",
  assignments: "iga.assignments",
  entitlements: "iga.entitlements",
  requests: "iga.requests",
  decisions: "iga.decisions",
};

/** `waves` waves of `changes` events each, after the one that tells of the company. */
export function scenario(seed: number, waves: number, changes: number): Wave[] {
  const random = new RandomSource(seed);
  const company = randomCompany(random);
  const opening = randomOpening(random, company).slice(-80);
  const told: Wave[] = [];
  for (let i = 0; i <= waves; i++) {
    const atMs = START_MS + i * WAVE_MS;
    const events = i === 0 ? opening : Array.from({ length: changes }, () => randomChange(random, company));
    const records = events.filter(isEncodable).map((event, j) => recordOf(dated(random, event, atMs, `${i}-${j}`)));
    const repeated = random.sample(
      told.flatMap((wave) => wave.records),
      i === 0 ? 0 : 2,
    );
    const poison = [`not JSON ${i}`, `{"type":"identity.removed","user":${i}}`].map((text) =>
      poisonRecord(random, text),
    );
    told.push({ name: `wave-${i}`, atMs, records: [...records, ...repeated, ...poison.slice(0, i % 3)] });
  }
  return told;
}

function isEncodable(event: InputEvent): event is EncodableEvent {
  return !event.type.startsWith("access.") && !event.type.startsWith("decision.") && event.type !== "clock.ticked";
}

function dated(random: RandomSource, event: EncodableEvent, atMs: number, id: string): EncodableEvent {
  const at = random.weighted({ now: 6, none: 2, late: 2 });
  return {
    ...event,
    ...(random.chance(0.4) ? { id } : {}),
    ...(at === "none" ? {} : { at: at === "now" ? atMs : atMs - random.between(1, 72) * HOUR_MS }),
  };
}

export function recordOf(event: EncodableEvent): AppendRecord {
  const { channel, key } = routeOf(event);
  return { topic: TOPICS[channel], key, value: encodeEvent(event), headers: {} };
}

function poisonRecord(random: RandomSource, text: string): AppendRecord {
  return {
    topic: random.pick(Object.values(TOPICS)),
    key: "poison",
    value: Buffer.from(text),
    headers: { from: "a test" },
  };
}
