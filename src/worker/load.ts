/** Store → engine: the tables and the published view as they stood after the last committed step. */
import { Engine } from "../core/engine.ts";
import type { Settings } from "../core/settings.ts";
import type { Store, StoredHead } from "../state/store.ts";
import { readEvidence } from "./evidence-file.ts";

/**
 * The engine is at rest: `start` makes it count, and marks as pending what differs from the published view.
 * `whenPeopleAreThere`: before what they hold is loaded.
 */
export async function loadEngine(
  folder: string,
  store: Store,
  settings: Settings,
  head: StoredHead | null,
  whenPeopleAreThere: (engine: Engine) => void = () => {},
): Promise<Engine> {
  const engine = new Engine(settings);
  if (head !== null) engine.loadEvidence(await readEvidence(folder, head));
  await store.loadItems((rows) => engine.loadItems(rows));
  await store.loadApplications((rows) => engine.loadApplications(rows));
  await store.loadEntitlements((rows) => engine.loadEntitlements(rows));
  await store.loadUsers((rows) => engine.loadUsers(rows));
  whenPeopleAreThere(engine);
  await store.loadAssignments((chunk) => engine.loadAssignments(chunk));
  await store.loadPublished((chunk) => engine.loadPublished(chunk));
  engine.loadPending(head?.pending ?? []);
  return engine;
}
