/**
 * A store that lets a test end the run at any call. Once a fault was thrown, nothing reaches the store any more, as if
 * the process had died there; `kill` then lets go of the state the way a killed process does.
 */
import { join } from "node:path";
import sqlite from "@databases/sqlite";
import type { Store } from "../../src/state/store.ts";

export type StoreCall = keyof Store;
export type StoreFaultPoint = `${"before" | "after"} ${StoreCall}`;
/** Throws (SimulatedCrash) where the run is to end. */
export type StoreFault = (point: StoreFaultPoint) => void;

const CALLS: readonly StoreCall[] = [
  "readHead",
  "beginEpoch",
  "loadUsers",
  "loadEntitlements",
  "loadApplications",
  "loadItems",
  "loadAssignments",
  "loadPublished",
  "seenEvents",
  "commit",
  "close",
];

export interface FaultyStore extends Store {
  /** Frees the state in `folder` without marking a clean end. */
  kill(folder: string): Promise<void>;
}

export function faultyStore(inner: Store, fault: StoreFault): FaultyStore {
  let death: unknown = null;
  const reach = (point: StoreFaultPoint): void => {
    if (death !== null) throw death;
    try {
      fault(point);
    } catch (error) {
      death = error;
      throw error;
    }
  };
  const guarded = CALLS.map((call) => [
    call,
    async (...parameters: never[]) => {
      reach(`before ${call}`);
      const answer = await (inner[call] as (...parameters: never[]) => Promise<unknown>)(...parameters);
      reach(`after ${call}`);
      return answer;
    },
  ]);
  return {
    ...(Object.fromEntries(guarded) as Store),
    async kill(folder) {
      await inner.close();
      await markUnclean(folder);
    },
  };
}

async function markUnclean(folder: string): Promise<void> {
  const db = sqlite.default(join(folder, "state.db"));
  await db.query(sqlite.sql`UPDATE head SET clean_end = 0`);
  await db.dispose();
}
