/** Which calls of the ports go wrong, and how. */
import type { PublishedChunk } from "../../src/core/rows.ts";
import type { StepCommit, Store } from "../../src/state/store.ts";
import { type FaultAnswer, SimulatedCrash } from "../support/memory-transport.ts";

/** `crash`: the process ends there; the others are answers of the transport. */
export type FaultKind = "crash" | Exclude<FaultAnswer, "fenced">;

export interface Fault {
  /** Number of the passed point, counted over all ports and restarts. */
  readonly index: number;
  readonly kind: FaultKind;
}

export class FaultPlan {
  /** Every point that was passed, in order. */
  readonly passed: string[] = [];
  readonly #faults: readonly Fault[];
  readonly #look: (index: number) => void;

  /** `look`: called at every point, before its fault. */
  constructor(faults: readonly Fault[] = [], look: (index: number) => void = () => {}) {
    this.#faults = faults;
    this.#look = look;
  }

  readonly pass = (point: string): FaultAnswer | undefined => {
    const at = this.passed.length;
    const fault = this.#faults.find(({ index }) => index === at);
    this.passed.push(point);
    this.#look(at);
    if (fault === undefined) return undefined;
    if (fault.kind === "crash") throw new SimulatedCrash(point);
    return fault.kind;
  };
}

/** One life of the worker's process: after its end no call has any effect. */
export class ProcessLife {
  readonly #plan: FaultPlan;
  #state: "alive" | "dead" | "buried" = "alive";

  constructor(plan: FaultPlan) {
    this.#plan = plan;
  }

  readonly pass = (point: string): FaultAnswer | undefined => {
    if (this.#state === "buried") return undefined;
    if (this.#state === "dead") throw new SimulatedCrash("before");
    try {
      return this.#plan.pass(point);
    } catch (error) {
      this.#state = "dead";
      throw error;
    }
  };

  /** Lets files be closed that the operating system would have closed. */
  bury(): void {
    this.#state = "buried";
  }
}

/** What can go wrong at a point. */
export function kindsAt(point: string): readonly FaultKind[] {
  if (point === "before publish" || point === "publish staged") return ["crash", "aborted", "unknown", "in-flight"];
  if (point === "publish sent") return ["crash", "unknown"];
  return ["crash"];
}

/** The store with a point before and after every call. */
export function faultyStore(store: Store, life: ProcessLife): Store {
  const around = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    life.pass(`before store.${call}`);
    const result = await work();
    life.pass(`after store.${call}`);
    return result;
  };
  return {
    readHead: () => around("readHead", () => store.readHead()),
    beginEpoch: (engine, epoch, digest) => around("beginEpoch", () => store.beginEpoch(engine, epoch, digest)),
    loadUsers: (take) => store.loadUsers(take),
    loadEntitlements: (take) => store.loadEntitlements(take),
    loadApplications: (take) => store.loadApplications(take),
    loadItems: (take) => store.loadItems(take),
    loadAssignments: (take) => store.loadAssignments(take),
    loadPublished: (take: (chunk: PublishedChunk) => void) => around("load", () => store.loadPublished(take)),
    seenEvents: (ids) => around("seenEvents", () => store.seenEvents(ids)),
    commit: (step: StepCommit, mayCommit) => around("commit", () => store.commit(step, mayCommit)),
    close: () => around("close", () => store.close()),
  };
}
