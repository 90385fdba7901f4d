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
import { assignmentChunk, rowsOf } from "../support/assignment-chunk.ts";
import { publishedChunk } from "../support/published-chunk.ts";

/** Assignments are loaded in chunks of this many. */
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
    for (const row of changes.newAssignments.flatMap(rowsOf)) {
      const key = `${row[0]} ${row[1]}`;
      if (this.assignments.has(key)) throw new Error(`${key} is called a new assignment, but was kept before`);
      this.assignments.set(key, row);
    }
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
    const rows = [...this.assignments.values()];
    for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
      engine.loadAssignments(assignmentChunk(rows.slice(from, from + CHUNK_ROWS)));
    }
    engine.loadPublished(publishedChunk([...this.published.values()]));
    engine.loadPending([...this.pending]);
  }
}
