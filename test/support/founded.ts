/** A made-up company of 300, and how it comes to an engine at rest. */
import type { Engine } from "../../src/core/engine.ts";
import { makeCompany } from "../../src/demo/company.ts";
import { foundingEvents } from "../../src/demo/company-events.ts";
import type { InputEvent } from "../../src/events/event.ts";

export const FOUNDED_MS: number = Date.UTC(2026, 0, 1);
export const FOUNDED_MINUTE: number = FOUNDED_MS / 60_000;
export const FOUNDING: readonly InputEvent[] = [
  ...foundingEvents(makeCompany({ people: 300, seed: 1, attributes: 8 }), FOUNDED_MS),
];
/** The catalog and the people; what these hold. */
export const PEOPLE: readonly InputEvent[] = FOUNDING.filter((event) => !isAssignment(event));
export const HELD: readonly InputEvent[] = FOUNDING.filter(isAssignment);

/** Changes tables only. */
export function load(engine: Engine, events: readonly InputEvent[]): void {
  const stamped = events.map((event) => ({ event, recordAtMs: FOUNDED_MS }));
  engine.step({ clockMinute: FOUNDED_MINUTE, events: stamped, budgetRecords: 1, catchUp: true });
}

function isAssignment({ type }: InputEvent): boolean {
  return type.startsWith("assignment.");
}
