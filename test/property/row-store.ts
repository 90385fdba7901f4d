/** What a state file would hold: the last row a key. It fills a new engine after a restart. */
import type { Engine } from "../../src/core/engine.ts";
import type {
  ApplicationRow,
  AssignmentRow,
  EntitlementRow,
  ItemRow,
  PublishedRow,
  TableChanges,
  UserRow,
} from "../../src/core/rows.ts";

/** Rows of one entitlement are loaded in chunks of this many. */
const CHUNK_ROWS = 7;

export class RowStore {
  readonly users = new Map<number, UserRow>();
  readonly entitlements = new Map<number, EntitlementRow>();
  readonly applications = new Map<string, ApplicationRow>();
  readonly items = new Map<number, ItemRow>();
  readonly assignments = new Map<string, AssignmentRow>();
  readonly published = new Map<string, PublishedRow>();
  readonly pending = new Set<number>();

  keep(changes: TableChanges): void {
    for (const row of changes.users) this.users.set(row[0], row);
    for (const row of changes.entitlements) this.entitlements.set(row[0], row);
    for (const row of changes.applications) this.applications.set(row[0], row);
    for (const row of changes.items) this.items.set(row[0], row);
    for (const row of changes.assignments) this.assignments.set(`${row[0]} ${row[1]}`, row);
    for (const row of changes.published) {
      const [entitlement, user, kind, , , , , , flags] = row;
      if (kind === 0 && flags === 0) this.published.delete(`${entitlement} ${user}`);
      else this.published.set(`${entitlement} ${user}`, row);
    }
    for (const entitlement of changes.pendingMarked) this.pending.add(entitlement);
    for (const entitlement of changes.pendingCleared) this.pending.delete(entitlement);
  }

  load(engine: Engine): void {
    engine.loadItems([...this.items.values()]);
    engine.loadApplications([...this.applications.values()]);
    engine.loadEntitlements([...this.entitlements.values()]);
    engine.loadUsers([...this.users.values()]);
    for (const entitlement of this.entitlements.keys()) {
      const rows = [...this.assignments.values()].filter((row) => row[0] === entitlement);
      for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
        const chunk = rows.slice(from, from + CHUNK_ROWS);
        engine.loadAssignments({
          entitlement,
          users: chunk.map((row) => row[1]),
          flags: chunk.map((row) => row[2]),
          memberAt: chunk.map((row) => row[3]),
          lastUsedAt: chunk.map((row) => row[4]),
          extra: chunk.map((row) => row[5]),
        });
      }
    }
    engine.loadPublished([...this.published.values()]);
    engine.loadPending([...this.pending]);
  }
}
