/** Store → engine: the tables and the published view as they stood after the last committed step. */
import { Engine } from "../core/engine.ts";
import type { Settings } from "../core/settings.ts";
import type { Store } from "../state/store.ts";

/** What differs between the published view and the target view is pending when this resolves. */
export async function loadEngine(store: Store, settings: Settings, clockMinute: number): Promise<Engine> {
  const engine = new Engine(settings);
  await store.loadItems((rows) => engine.loadItems(rows));
  await store.loadApplications((rows) => engine.loadApplications(rows));
  await store.loadEntitlements((rows) => engine.loadEntitlements(rows));
  await store.loadUsers((rows) => engine.loadUsers(rows));
  await store.loadAssignments((chunk) => engine.loadAssignments(chunk));
  await store.loadPublished((rows) => engine.loadPublished(rows));
  engine.start(clockMinute);
  return engine;
}
