/** A generated company as the events that build it: the catalog, the people, what they hold. */
import type { InputEvent } from "../events/event.ts";
import { attributesOf, type Company, heldBy, profileOf, userOf } from "./company.ts";
import { Prng } from "./prng.ts";

const LAST_USE_STREAM = 5;
const DAY_MS = 86_400_000;
/** Most access was used lately; some not for months. */
const LAST_USE_DAYS: readonly number[] = [30, 30, 30, 30, 30, 60, 80, 110];

/** `nowMs`: last uses lie before it. Ids are the same for the same company, so that a repeat adds nothing. */
export function* foundingEvents(company: Company, nowMs: number): Generator<InputEvent, void> {
  const prng = new Prng(company.seed, LAST_USE_STREAM);
  let number = 0;
  const nextId = () => `founding-${number++}`;
  for (const { entitlement, application, risk } of company.entitlements) {
    yield { type: "entitlement.upserted", id: nextId(), entitlement, application, risk };
  }
  for (let person = 0; person < company.people; person += 1) {
    const user = userOf(person);
    yield {
      type: "identity.upserted",
      id: nextId(),
      user,
      attributes: attributesOf(company, profileOf(company, person)),
    };
    for (const index of heldBy(company, person)) {
      const { entitlement } = company.entitlements[index]!;
      const lastUsedAt = Math.floor(nowMs - prng.fraction() * prng.pick(LAST_USE_DAYS) * DAY_MS);
      yield { type: "assignment.granted", id: nextId(), user, entitlement, lastUsedAt };
    }
  }
}
