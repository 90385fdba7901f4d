/** Events at a steady rate, and how long each takes until a reader of committed records sees the first delta it caused. */
import { setTimeout as sleep } from "node:timers/promises";
import type { InputEvent } from "../src/events/event.ts";
import { Latencies } from "./latencies.ts";
import { type Pipeline, type PublishedStep, recordsOf } from "./pipeline.ts";
import { spread } from "./pipeline-steps.ts";
import { rounded } from "./report.ts";

/** A commit is announced to readers a little after the worker's answer. */
const LAST_DELTAS_MS = 500;

/**
 * Latency counts from the moment at which the event was due, so that a producer or a pipeline that falls behind does not
 * hide it. Events that cause no delta of their own (most uses, repeated facts) have none.
 */
export async function steadyFigures(pipeline: Pipeline, events: readonly InputEvent[], rate: number): Promise<object> {
  const latencies = new Latencies();
  const awaited = new Map<string, number>();
  const steps: PublishedStep[] = [];
  pipeline.onStep((step) => steps.push(step));
  await pipeline.watchDirectDeltas((name, seenMs) => {
    const dueMs = awaited.get(name);
    if (dueMs === undefined) return;
    awaited.delete(name);
    latencies.add(seenMs - dueMs);
  });

  const startMs = performance.now();
  const dueMsOf = (index: number): number => startMs + (index * 1000) / rate;
  let producerBehindMs = 0;
  for (let sent = 0; sent < events.length; ) {
    const nowMs = performance.now();
    if (nowMs < dueMsOf(sent)) {
      await sleep(dueMsOf(sent) - nowMs);
      continue;
    }
    producerBehindMs = Math.max(producerBehindMs, nowMs - dueMsOf(sent));
    let to = sent + 1;
    while (to < events.length && dueMsOf(to) <= nowMs) to += 1;
    for (let index = sent; index < to; index += 1) awaited.set(nameOf(events[index]!), dueMsOf(index));
    await pipeline.append(recordsOf(events.slice(sent, to), pipeline.config));
    sent = to;
  }
  await pipeline.whenQuiet();
  await sleep(LAST_DELTAS_MS);
  return {
    eventsPerSecond: rate,
    events: events.length,
    transactions: steps.length,
    inputsPerTransaction: spread(steps.map(({ inputs }) => inputs)),
    outputsPerTransaction: spread(steps.map(({ outputs }) => outputs)),
    producerBehindMsMax: rounded(producerBehindMs),
    untilDirectDelta: latencies.summary(),
  };
}

/** A revocation is told by a record without a value, which names its pair but no cause. */
const nameOf = (event: InputEvent): string =>
  event.type === "assignment.revoked" ? JSON.stringify([event.user, event.entitlement]) : (event.id ?? "");
