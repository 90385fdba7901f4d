/** Mutations of the protocol. Each breaks one rule of recovery; the enumeration must notice each of them. */
import { setTimeout as pause } from "node:timers/promises";
import { Engine } from "../../src/core/engine.ts";
import { Ripple } from "../../src/core/ripple.ts";
import type { StepCommit, Store } from "../../src/state/store.ts";
import type { Positions, Transport } from "../../src/transport/transport.ts";
import { NO_CHANGES } from "../support/no-changes.ts";
import type { Mutation } from "./world.ts";

function storeWith(store: Store, changed: Partial<Store>): Store {
  return { ...store, ...changed };
}

/** A transport whose methods stay bound to it. */
export function transportWith(transport: Transport, changed: Partial<Transport>): Transport {
  return new Proxy(transport, {
    get(target, name: keyof Transport) {
      const value = changed[name] ?? target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The next step is written long before anything is published. */
export function slowToPublish(transport: Transport): Transport {
  return transportWith(transport, {
    publish: async (batch) => {
      await pause(20);
      return transport.publish(batch);
    },
  });
}

/** Replaces a method of a class until it is given back. */
function classWith<T extends object>(
  prototype: T,
  name: keyof T,
  replaced: (this: T, ...args: never[]) => unknown,
): () => void {
  const original = Object.getOwnPropertyDescriptor(prototype, name)!;
  Object.defineProperty(prototype, name, { value: replaced, configurable: true, writable: true });
  return () => Object.defineProperty(prototype, name, original);
}

export interface Canary extends Mutation {
  /** Puts a mutation of the engine in place, and answers how to take it away. */
  plant?(): () => void;
  /** The trials that must fail: single faults, or single faults on a state that is behind. */
  readonly caughtBy: "single" | "restore";
}

export const CANARIES: readonly Canary[] = [
  {
    name: "fencing is skipped",
    caughtBy: "single",
    transport: (transport) => transportWith(transport, { fence: async () => "owner" }),
  },
  {
    name: "a step is marked as published before it is",
    caughtBy: "single",
    store: (store) =>
      storeWith(store, {
        readHead: async () => {
          const head = await store.readHead();
          return head && { ...head, outbox: null };
        },
        commit: (step, mayCommit) => store.commit({ ...step, publishedStep: step.step }, mayCommit),
      }),
  },
  {
    name: "input positions are committed outside the step's transaction",
    caughtBy: "single",
    store: (store) => {
      let last: Positions = new Map();
      return storeWith(store, {
        readHead: async () => {
          const head = await store.readHead();
          last = head?.positions ?? last;
          return head;
        },
        commit: async (step: StepCommit, mayCommit) => {
          await store.commit({ ...step, positions: last }, mayCommit);
          last = step.positions;
          await store.commit({ ...step, ...NO_CHANGES, eventIds: [], outbox: null });
        },
      });
    },
  },
  {
    name: "a step is committed while nobody knows whether the one before is published",
    caughtBy: "single",
    store: (store) => storeWith(store, { commit: (step) => store.commit(step) }),
    transport: slowToPublish,
  },
  {
    name: "the outbox is not sent again",
    caughtBy: "single",
    transport: (transport) => {
      let isFirst = true;
      return transportWith(transport, {
        publish: async (batch) => {
          const wasFirst = isFirst;
          isFirst = false;
          return wasFirst ? "committed" : transport.publish(batch);
        },
        poll: async (...args) => {
          isFirst = false;
          return transport.poll(...args);
        },
      });
    },
  },
  {
    name: "an unknown outcome is taken for a failure and sent again at once",
    caughtBy: "single",
    transport: (transport) =>
      transportWith(transport, {
        publish: async (batch) => {
          const outcome = await transport.publish(batch);
          return outcome === "unknown" ? transport.publish(batch) : outcome;
        },
      }),
  },
  {
    name: "what was pending is forgotten by a restart",
    caughtBy: "single",
    plant: () => classWith(Ripple.prototype, "markEverything", () => undefined),
  },
  {
    name: "the stored clock is ignored",
    caughtBy: "single",
    store: (store) =>
      storeWith(store, {
        readHead: async () => {
          const head = await store.readHead();
          return head && { ...head, clockMinute: 0 };
        },
      }),
  },
  {
    name: "the published view is computed instead of restored",
    caughtBy: "restore",
    plant: () =>
      classWith(Engine.prototype, "restorePublished", function (this: Engine) {
        const { predictions, recommendations, flags } = this.exactView();
        restorePublished.call(this, predictions, recommendations, flags);
      }),
  },
  {
    name: "the published view is left as the old state has it",
    caughtBy: "restore",
    plant: () => classWith(Engine.prototype, "restorePublished", () => undefined),
  },
];

const restorePublished = Object.getOwnPropertyDescriptor(Engine.prototype, "restorePublished")
  ?.value as RestorePublished;
type RestorePublished = Engine["restorePublished"];
