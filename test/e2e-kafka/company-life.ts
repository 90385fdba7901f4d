/** A made-up company on Kafka: its founding, then workload W, each event with an id and a time of its own. */
import { makeCompany } from "../../src/demo/company.ts";
import { foundingEvents } from "../../src/demo/company-events.ts";
import { companyEvents } from "../../src/demo/stream.ts";
import type { EncodableEvent } from "../../src/events/encode-event.ts";

/** Before now, so that no event lies ahead of the clock. */
const START_BEFORE_MS = 3_600_000;

export class CompanyLife {
  readonly #events: Iterator<EncodableEvent>;

  constructor(people: number, seed: number) {
    this.#events = life(people, seed, Date.now());
  }

  next(count: number): EncodableEvent[] {
    return Array.from({ length: count }, () => this.#events.next().value as EncodableEvent);
  }
}

function* life(people: number, seed: number, nowMs: number): Generator<EncodableEvent> {
  const company = makeCompany({ people, seed });
  let number = 0;
  const placed = (event: object) =>
    ({ ...event, id: `event-${number}`, at: nowMs - START_BEFORE_MS + number++ }) as EncodableEvent;
  for (const event of foundingEvents(company, nowMs)) yield placed(event);
  for (const event of companyEvents(company, { seed })) yield placed(event);
}
