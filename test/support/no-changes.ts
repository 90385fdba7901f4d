import type { TableChanges } from "../../src/core/rows.ts";

/** Of a step that left all tables as they were. */
export const NO_CHANGES: TableChanges = {
  users: [],
  entitlements: [],
  applications: [],
  items: [],
  newAssignments: [],
  assignments: [],
  published: [],
  pendingMarked: [],
  pendingCleared: [],
};
