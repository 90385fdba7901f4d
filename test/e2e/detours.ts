/** The worked example as dated events that take detours. In whatever order they arrive, they end in the same company. */
import { exampleRows } from "../cli/example-view.ts";
import type { RandomSource } from "../support/random-source.ts";

type Fields = Readonly<Record<string, unknown>>;

const FOUNDED_MS = Date.UTC(2026, 0, 1);
const CITIES = ["San Jose", "Austin", "Dublin", "Lund"];
const DEPTS = ["Finance", "HR", "IT", "Legal"];
/** Was there once, and is not in the example. */
const OLD_TOOL = "Old Tool";
const TEMPORARY = ["temp.12", "temp.13", "temp.14", "temp.15"];
const REPEATED_SHARE = 0.2;

export function detours(random: RandomSource): Fields[] {
  const history = new History(random);
  const catalog = exampleRows("entitlements").map(([entitlement = "", application]) => ({ entitlement, application }));
  const held = new Set(exampleRows("assignments").map(([user, entitlement]) => `${user} ${entitlement}`));

  for (const { entitlement, application } of catalog) {
    history.tell("entitlement.upserted", { entitlement, application: "Elsewhere", requestable: false });
    history.tell("entitlement.upserted", { entitlement, application });
  }
  history.tell("entitlement.upserted", { entitlement: OLD_TOOL });
  history.tell("entitlement.removed", { entitlement: OLD_TOOL });

  for (const [user = "", CITY = "", DEPT = ""] of exampleRows("identities")) {
    history.wander(user);
    history.settle(user, { CITY, DEPT });
    history.comeAndGo(user, OLD_TOOL);
    for (const { entitlement } of catalog) {
      history.comeAndGo(user, entitlement);
      if (held.has(`${user} ${entitlement}`)) history.keep(user, entitlement);
    }
  }
  for (const user of TEMPORARY) {
    history.wander(user);
    for (const { entitlement } of catalog) {
      history.comeAndGo(user, entitlement);
      if (random.chance(0.5)) history.keep(user, entitlement);
    }
    history.tell("identity.removed", { user });
  }
  return history.events;
}

/** Each event a minute after the one before. */
class History {
  readonly events: Fields[] = [];
  readonly #random: RandomSource;
  #minute = 0;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  tell(type: string, fields: Fields): void {
    const at = new Date(FOUNDED_MS + this.#minute++ * 60_000).toISOString();
    const id = this.#random.chance(0.5) ? { id: `event-${this.#minute}` } : {};
    const event = { type, ...fields, ...id, at };
    this.events.push(event);
    if (this.#random.chance(REPEATED_SHARE)) this.events.push(event);
  }

  /** Hired, to the wrong place as a rule, moved, gone and back. */
  wander(user: string): void {
    this.#image(user);
    for (let left = this.#random.between(0, 3); left > 0; left--) {
      if (this.#random.chance(0.3)) {
        this.tell("identity.removed", { user });
        this.#image(user);
      } else {
        const attributes = this.#random.pick([{ CITY: this.#random.pick(CITIES) }, { DEPT: this.#random.pick(DEPTS) }]);
        this.tell("identity.changed", { user, attributes });
      }
    }
  }

  /** At the right place, at once or one attribute after the other. */
  settle(user: string, { CITY, DEPT }: { readonly CITY: string; readonly DEPT: string }): void {
    if (this.#random.chance(0.5)) {
      this.tell("identity.upserted", { user, attributes: { CITY, DEPT } });
      return;
    }
    for (const attributes of this.#random.shuffle([{ CITY }, { DEPT }, { FLOOR: null }])) {
      this.tell("identity.changed", { user, attributes });
    }
  }

  comeAndGo(user: string, entitlement: string): void {
    for (let left = this.#random.between(0, 2); left > 0; left--) {
      this.tell("assignment.granted", { user, entitlement });
      this.tell("assignment.revoked", { user, entitlement });
    }
  }

  keep(user: string, entitlement: string): void {
    this.tell("assignment.granted", { user, entitlement });
    if (this.#random.chance(0.5)) this.tell("assignment.used", { user, entitlement });
  }

  #image(user: string): void {
    const attributes = { CITY: this.#random.pick(CITIES), DEPT: this.#random.pick(DEPTS), FLOOR: "3" };
    this.tell("identity.upserted", { user, attributes });
  }
}
