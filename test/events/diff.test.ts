import { describe, expect, it } from "vitest";
import {
  AssignmentDiff,
  type CurrentAssignment,
  type CurrentIdentity,
  type CurrentTables,
  EntitlementDiff,
  grantsOf,
  IdentityDiff,
} from "../../src/events/diff.ts";
import { type AssignmentCsvRow, assignmentRowsOf } from "../../src/events/formats/csv-assignments.ts";
import type { CatalogFields } from "../../src/events/formats/csv-entitlements.ts";

function tables(content: {
  identities?: Record<string, CurrentIdentity>;
  assignments?: Record<string, CurrentAssignment>;
  catalog?: Record<string, CatalogFields>;
}): CurrentTables {
  const { identities = {}, assignments = {}, catalog = {} } = content;
  return {
    identity: (user) => identities[user] ?? null,
    assignment: (user, entitlement) => assignments[`${user} ${entitlement}`] ?? null,
    catalogEntry: (entitlement) => catalog[entitlement] ?? null,
    activeUsers: () => Object.keys(identities).filter((user) => identities[user]?.active),
    heldPairs: () =>
      Object.entries(assignments)
        .filter(([, { held }]) => held)
        .map(([pair]) => pair.split(" ") as [string, string]),
    cataloguedEntitlements: () => Object.keys(catalog),
  };
}

const known = (attributes: Record<string, string[]>, fields = {}, active = true): CurrentIdentity => ({
  active,
  attributes: new Map(Object.entries(attributes)),
  fields,
});

describe("IdentityDiff", () => {
  const current = tables({
    identities: {
      same: known({ CITY: ["Rome"], SKILLS: ["b", "a"], OTHER: ["x"] }, { name: "S" }),
      gone: known({ CITY: ["Rome"] }, {}, false),
      absent: known({}),
    },
  });
  const row = (user: string, attributes: [string, string[]][], fields = {}) => ({ line: 2, user, attributes, fields });

  it("says nothing of an equal row, whatever the order of values, and of what has no value on both sides", () => {
    const diff = new IdentityDiff(current, "merge");
    const equal: [string, string[]][] = [
      ["SKILLS", ["a", "b"]],
      ["CITY", ["Rome"]],
      ["NEW", []],
    ];
    expect(diff.row(row("same", equal, { name: "S", email: null }))).toEqual([]);
    expect([...diff.end()]).toEqual([]);
  });

  it("names only what changed of an active identity", () => {
    const changed: [string, string[]][] = [
      ["CITY", ["Oslo"]],
      ["SKILLS", ["a", "b"]],
      ["OTHER", []],
    ];
    expect(new IdentityDiff(current, "merge").row(row("same", changed, { name: "T" }))).toEqual([
      {
        type: "identity.changed",
        user: "same",
        attributes: [
          ["CITY", ["Oslo"]],
          ["OTHER", []],
        ],
        name: "T",
      },
    ]);
  });

  it("gives a full image of someone new or removed", () => {
    const diff = new IdentityDiff(current, "merge");
    const attributes: [string, string[]][] = [
      ["CITY", ["Rome"]],
      ["DEPT", []],
    ];
    for (const user of ["new", "gone"]) {
      expect(diff.row(row(user, attributes, { name: "N" }))).toEqual([
        { type: "identity.upserted", user, attributes: [["CITY", ["Rome"]]], name: "N" },
      ]);
    }
  });

  it("removes the active ones that a replacing file left out", () => {
    const diff = new IdentityDiff(current, "replace");
    diff.row(row("same", []));
    expect([...diff.end()]).toEqual([{ type: "identity.removed", user: "absent" }]);
  });
});

describe("EntitlementDiff", () => {
  const current = tables({ catalog: { e: { application: "A", owner: "O", tags: ["x"], requestable: false }, f: {} } });
  const row = (entitlement: string, fields: CatalogFields) => ({ line: 2, entitlement, fields });

  it("says nothing of an equal row; a changed one keeps what the file has no column for", () => {
    const diff = new EntitlementDiff(current, "merge");
    expect(diff.row(row("e", { application: "A", applicationId: null, tags: ["x"] }))).toEqual([]);
    expect(diff.row(row("e", { application: "B", applicationId: null }))).toEqual([
      { type: "entitlement.upserted", entitlement: "e", application: "B", owner: "O", tags: ["x"], requestable: false },
    ]);
    expect(diff.row(row("new", { application: "A", owner: null }))).toEqual([
      { type: "entitlement.upserted", entitlement: "new", application: "A" },
    ]);
    expect([...diff.end()]).toEqual([]);
  });

  it("removes entries that a replacing file left out", () => {
    const diff = new EntitlementDiff(current, "replace");
    diff.row(row("e", {}));
    expect([...diff.end()]).toEqual([{ type: "entitlement.removed", entitlement: "f" }]);
  });
});

describe("AssignmentDiff", () => {
  const held = { held: true, highRisk: false, lastUsedAt: 1000 };
  const current = tables({
    assignments: { "u e": held, "u gone": { ...held, held: false }, "u risky": { ...held, highRisk: true } },
  });
  const diff = (entitlement: string, rest: Partial<AssignmentCsvRow> = {}) =>
    new AssignmentDiff(current, "merge").row({
      user: "u",
      entitlement,
      assigned: true,
      highRisk: null,
      lastUsedAt: null,
      ...rest,
    });

  it.each<[string, string, Partial<AssignmentCsvRow>, object[]]>([
    ["nothing for an equal row", "e", { highRisk: false, lastUsedAt: 1000 }, []],
    ["nothing for an older use", "e", { lastUsedAt: 999 }, []],
    ["nothing where the file does not say", "risky", {}, []],
    ["a later use", "e", { lastUsedAt: 2000 }, [{ type: "assignment.used", at: 2000 }]],
    ["another risk, by a grant", "e", { highRisk: true }, [{ type: "assignment.granted", highRisk: true }]],
    ["a risk that is no more", "risky", { highRisk: false }, [{ type: "assignment.granted", highRisk: false }]],
    [
      "both",
      "e",
      { highRisk: true, lastUsedAt: 2000 },
      [{ type: "assignment.granted", highRisk: true, lastUsedAt: 2000 }],
    ],
    ["a new grant", "new", { lastUsedAt: 5 }, [{ type: "assignment.granted", lastUsedAt: 5 }]],
    ["a new risky grant", "new", { highRisk: true }, [{ type: "assignment.granted", highRisk: true }]],
    ["a plain new grant", "new", { highRisk: false }, [{ type: "assignment.granted" }]],
    ["a grant again", "gone", { lastUsedAt: 1000 }, [{ type: "assignment.granted" }]],
    ["a revocation", "e", { assigned: false }, [{ type: "assignment.revoked" }]],
    ["nothing to revoke", "gone", { assigned: false }, []],
    ["nothing to revoke of what is unknown", "new", { assigned: false }, []],
  ])("%s", (_name, entitlement, rest, expected) => {
    expect(diff(entitlement, rest)).toEqual(expected.map((event) => ({ user: "u", entitlement, ...event })));
  });

  it("makes the same grants of a whole block as of its rows, while nothing is known", () => {
    const block = {
      users: ["u", "v"],
      entitlements: ["e", "f"],
      userAt: Uint32Array.of(0, 1, 0, 1),
      entitlementAt: Uint32Array.of(0, 0, 1, 0),
      assigned: Uint8Array.of(1, 1, 1, 1),
      highRisk: Uint8Array.of(0, 1, 2, 1),
      lastUsedAt: Float64Array.of(-1, 5, 0, 5),
    };
    const byRow = new AssignmentDiff(tables({}), "merge");
    const events = assignmentRowsOf(block).flatMap((row) => byRow.row(row));
    const grants = grantsOf(block)!;
    const granted = events.map((_, i) => ({
      type: "assignment.granted",
      user: grants.users[grants.userAt[i]!],
      entitlement: grants.entitlements[grants.entitlementAt[i]!],
      ...(grants.highRisk[i] === 0 ? {} : { highRisk: grants.highRisk[i] === 2 }),
      ...(grants.lastUsedAt[i]! < 0 ? {} : { lastUsedAt: grants.lastUsedAt[i] }),
    }));
    expect(granted).toEqual(events);
    expect(grantsOf({ ...block, assigned: Uint8Array.of(1, 1, 0, 1) })).toBeNull();
  });

  it("revokes what a replacing file left out", () => {
    const replace = new AssignmentDiff(current, "replace");
    replace.row({ user: "u", entitlement: "risky", assigned: true, highRisk: null, lastUsedAt: null });
    replace.row({ user: "other", entitlement: "e", assigned: true, highRisk: null, lastUsedAt: null });
    expect([...replace.end()]).toEqual([{ type: "assignment.revoked", user: "u", entitlement: "e" }]);
  });
});
