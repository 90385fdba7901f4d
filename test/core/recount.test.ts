import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { type RuleEvidence, recount, recountFromEvidence } from "../../src/core/recount.ts";
import { checkEvidence, compareViews } from "../../src/core/recount-checks.ts";
import { compareCodePoints } from "../../src/core/recount-itemsets.ts";
import { DEFAULT_SETTINGS, NO_EXCLUSION, type Override, type Settings } from "../../src/core/settings.ts";
import type { AssignmentRow, EntitlementRow, IdentityRow, PairScoreRow, Tables, View } from "../../src/core/tables.ts";
import type { Item } from "../../src/events/delta.ts";

const DAY_MS = 86_400_000;
const NOW_MS = 1_000 * DAY_MS;

interface ExpectedScore {
  user: string;
  entitlement: string;
  rule: Item[];
  freqUnion: number;
  freq: number;
  confidence: number;
}

describe("the seed's worked company", () => {
  const expected = JSON.parse(readFixture("expected.json")) as {
    itemsets: object[];
    rules: object[];
    predictions: ExpectedScore[];
    recommendations: ExpectedScore[];
  };
  const view = recount(exampleTables(), DEFAULT_SETTINGS);

  test("has the itemsets and rules of the independent program", () => {
    expect(sorted(view.itemsets)).toEqual(sorted(expected.itemsets));
    const rules = view.rules.map((rule) => ({ ...rule, confidence: rounded(rule.freqUnion / rule.freq) }));
    expect(sorted(rules)).toEqual(sorted(expected.rules));
  });

  test("scores 12 of its 14 assignments, and recommends to three", () => {
    expect(view.predictions).toHaveLength(14);
    const scored = view.predictions.filter(({ score }) => score.reason === null);
    expect(sorted(scored.map(flat))).toEqual(sorted(expected.predictions.filter(({ rule }) => rule.length > 0)));
    expect(sorted(view.recommendations.map(flat))).toEqual(sorted(expected.recommendations));
  });

  test("is the same made from its own evidence", () => {
    expect(compareViews(recountFromEvidence(exampleTables(), DEFAULT_SETTINGS, view.rules), view, 9)).toEqual([]);
  });
});

describe("exactness", () => {
  test("4 of 5 reaches the threshold 0.80", () => {
    const tables = company({ users: people(5, "A"), holders: { e: 4 } });
    expect(recount(tables, DEFAULT_SETTINGS).recommendations.map(flat)).toMatchObject([{ freqUnion: 4, freq: 5 }]);
  });

  test("95 of 100 is within 0.05 of 1: the more general rule wins", () => {
    const wide = people(100, "A").map((row, i) => (i < 20 ? withItem(row, "B") : row));
    const view = recount(company({ users: wide, holders: { e: 95 } }), DEFAULT_SETTINGS);
    expect(view.predictions[0]?.score.rule).toEqual([item("A")]);
  });

  test("ties go to higher confidence, fewer items, then the smaller list by code point", () => {
    const emoji = people(4, "\u{1F600}").map((row) => withItem(row, "\uFF5E"));
    const { predictions } = recount(company({ users: emoji, holders: { e: 4 } }), DEFAULT_SETTINGS);
    expect(predictions[0]?.score.rule).toEqual([item("\uFF5E")]);
    expect(["\u{1F600}", "\uFF5E"].sort()).toEqual(["\u{1F600}", "\uFF5E"]);
    expect(["\u{1F600}", "\uFF5E"].sort(compareCodePoints)).toEqual(["\uFF5E", "\u{1F600}"]);
  });
});

describe("reasons", () => {
  const reasonOf = (tables: Tables, settings: Settings = DEFAULT_SETTINGS): (string | null)[] =>
    recount(tables, settings).predictions.map(({ score }) => score.reason);

  test("too few like them hold it", () => {
    expect(reasonOf(company({ users: people(3, "A"), holders: { e: 2 } }))).toEqual([
      "too-few-holders",
      "too-few-holders",
    ]);
  });
  test("too few are like them", () => {
    expect(reasonOf(company({ users: people(2, "A"), holders: { e: 1 } }))).toEqual(["group-too-small"]);
  });
  test("no attributes", () => {
    expect(reasonOf(company({ users: [{ ...person("u0"), items: [] }], holders: { e: 1 } }))).toEqual([
      "no-attributes",
    ]);
  });
  test("an exclusion comes first", () => {
    const settings = { ...DEFAULT_SETTINGS, learningExclude: { ...NO_EXCLUSION, entitlements: ["e"] } };
    expect(reasonOf(company({ users: [{ ...person("u0"), items: [] }], holders: { e: 1 } }), settings)).toEqual([
      "entitlement-excluded",
    ]);
  });
});

describe("who may teach and what is recommended", () => {
  const users = people(10, "A");
  const tables = company({
    users,
    holders: { e: 9 },
    entitlements: [entitlement("e", { application: "app", tags: ["t"] })],
  });
  const countOf = (settings: Partial<Settings>, of: Tables = tables): [rules: number, recommendations: number] => {
    const view = recount(of, { ...DEFAULT_SETTINGS, ...settings });
    return [view.rules.length, view.recommendations.length];
  };
  const override = (fields: Partial<Override>): Override => ({
    application: null,
    entitlement: null,
    minSupport: null,
    recommendThreshold: null,
    excludeLearning: null,
    excludeRecommend: null,
    ...fields,
  });

  test("everybody, by default", () => expect(countOf({})).toEqual([1, 1]));
  test("excluded sources and kinds do not count, but are scored", () => {
    const taught = {
      ...tables,
      assignments: tables.assignments.map((row, i) => (i < 2 ? { ...row, source: "exception" } : row)),
    };
    expect(recount(taught, DEFAULT_SETTINGS).rules).toMatchObject([{ freqUnion: 7, freq: 10 }]);
    expect(recount(taught, DEFAULT_SETTINGS).predictions).toHaveLength(9);
    const kinds = { learningExclude: { ...NO_EXCLUSION, kinds: ["service"] } };
    const mixed = { ...tables, identities: users.map((row, i) => (i < 8 ? { ...row, kind: "service" } : row)) };
    expect(countOf(kinds, mixed)).toEqual([0, 0]);
  });
  test.each(["tags", "applications", "entitlements"] as const)("exclusion by %s", (list) => {
    const named = { ...NO_EXCLUSION, tags: [], [list]: [{ tags: "t", applications: "app", entitlements: "e" }[list]] };
    expect(countOf({ learningExclude: named })).toEqual([0, 0]);
    expect(countOf({ recommendExclude: named })).toEqual([1, 0]);
    expect(
      countOf({ recommendExclude: named, overrides: [override({ application: "app", excludeRecommend: false })] }),
    ).toEqual([1, 1]);
  });
  test("an entitlement's override beats its application's", () => {
    const ofApplication = override({ application: "app", minSupport: 20, excludeRecommend: true });
    expect(countOf({ overrides: [ofApplication] })).toEqual([0, 0]);
    expect(countOf({ overrides: [ofApplication, override({ entitlement: "e", minSupport: 1 })] })).toEqual([1, 0]);
  });
  test("birthright: held by more than this share", () => {
    expect(countOf({ birthrightAbove: { numerator: 9, denominator: 10 } })).toEqual([1, 1]);
    expect(countOf({ birthrightAbove: { numerator: 89, denominator: 100 } })).toEqual([1, 0]);
  });
});

describe("flags", () => {
  const flagsOf = (change: Partial<AssignmentRow>, identity: Partial<IdentityRow> | null = {}): string[] => {
    const users = people(4, "A").map((row, i) => (i === 0 && identity !== null ? { ...row, ...identity } : row));
    const tables = company({ users: identity === null ? users.slice(1) : users, holders: {} });
    const row = { ...assignment("u0", "e"), ...change };
    const others = ["u1", "u2", "u3"].map((user) => assignment(user, "e"));
    const all = { ...tables, assignments: [row, ...others], entitlements: [entitlement("e", {})] };
    const found = recount(all, DEFAULT_SETTINGS).flags.find(({ user }) => user === "u0");
    return (found?.flags ?? []).map((flag) => (flag.flag === "outlier" ? `${flag.flag} ${flag.type}` : flag.flag));
  };

  test("none for a tombstone", () => expect(flagsOf({ held: false, expiresAt: 0, lastUsedAt: 0 })).toEqual([]));
  test("expired at the minute it is due", () => {
    expect(flagsOf({ expiresAt: NOW_MS })).toEqual(["expired"]);
    expect(flagsOf({ expiresAt: NOW_MS + 1 })).toEqual([]);
  });
  test("unused for more than 90 days", () => {
    expect(flagsOf({ memberAt: NOW_MS - 90 * DAY_MS })).toEqual([]);
    expect(flagsOf({ memberAt: NOW_MS - 90 * DAY_MS - 1 })).toEqual(["stale-unused"]);
    expect(flagsOf({ memberAt: 0, lastUsedAt: NOW_MS })).toEqual([]);
  });
  test("orphaned at once when the identity left, after a day when nobody knows it", () => {
    expect(flagsOf({ memberAt: NOW_MS }, { state: "removed" })).toEqual(["orphaned"]);
    expect(flagsOf({ memberAt: NOW_MS }, { state: "unknown" })).toEqual([]);
    expect(flagsOf({ memberAt: NOW_MS - DAY_MS }, { state: "unknown" })).toEqual(["orphaned"]);
    expect(flagsOf({ memberAt: NOW_MS - DAY_MS }, null)).toEqual(["orphaned"]);
  });
  test("residue of a move", () => {
    const moved = { items: [item("B")], previousItems: [item("A")], itemsChangedAt: NOW_MS };
    expect(flagsOf({ memberAt: NOW_MS - 1 }, moved)).toEqual(["residue-of-move"]);
    expect(flagsOf({ memberAt: NOW_MS }, moved)).toEqual([]);
    expect(flagsOf({ memberAt: NOW_MS - 1 }, { ...moved, previousItems: [item("B")] })).toEqual([]);
  });
  test("outliers", () => {
    const many = company({ users: people(10, "A"), holders: { e: 3 } });
    expect(recount(many, DEFAULT_SETTINGS).flags[0]?.flags).toEqual([{ flag: "outlier", type: "low" }]);
    const few = company({ users: people(10, "A"), holders: { e: 2 } });
    expect(recount(few, DEFAULT_SETTINGS).flags[0]?.flags).toEqual([{ flag: "outlier", type: "rare" }]);
  });
});

describe("published evidence", () => {
  const exact = { rule: [item("A")], entitlement: "e", freqUnion: 790, freq: 1000 };
  const faults = (told: Partial<RuleEvidence> | null, settings: Partial<Settings> = {}): number =>
    checkEvidence([exact], told === null ? [] : [{ ...exact, ...told }], { ...DEFAULT_SETTINGS, ...settings }, [])
      .length;
  const none = { numerator: 0, denominator: 1 };

  test("may drift by less than the materiality", () => {
    expect(faults({})).toBe(0);
    expect(faults({ freqUnion: 781 })).toBe(0);
    expect(faults({ freqUnion: 780 })).toBe(1);
  });
  test("may not stand on the other side of a threshold", () => expect(faults({ freqUnion: 1600, freq: 2000 })).toBe(1));
  test("may not leave a tenth of its support", () => {
    expect(faults({ freqUnion: 878, freq: 1111 })).toBe(1);
    expect(faults({ freqUnion: 869, freq: 1100 })).toBe(0);
  });
  test("exists when the rule does", () => {
    expect(faults(null)).toBe(1);
    expect(checkEvidence([], [exact], DEFAULT_SETTINGS, [])).toHaveLength(1);
  });
  test("is exact at materiality 0", () => expect(faults({ freqUnion: 789 }, { materiality: none })).toBe(1));
  test("alone decides the target view", () => {
    const tables = company({ users: people(5, "A"), holders: { e: 4 } });
    const view = recountFromEvidence(tables, DEFAULT_SETTINGS, [
      { rule: [item("A")], entitlement: "e", freqUnion: 3, freq: 5 },
    ]);
    expect(view.recommendations).toEqual([]);
    expect(view.predictions.map(flat)).toMatchObject([
      { freqUnion: 3 },
      { freqUnion: 3 },
      { freqUnion: 3 },
      { freqUnion: 3 },
    ]);
  });
});

test("views are compared without regard to order, and every kind of difference is told", () => {
  const view = recount(exampleTables(), DEFAULT_SETTINGS);
  const reversed = Object.fromEntries(
    Object.entries(view).map(([list, rows]) => [list, rows.toReversed()]),
  ) as unknown as View;
  expect(compareViews(reversed, view, 9)).toEqual([]);
  expect(compareViews({ ...view, rules: view.rules.slice(1) }, view, 9)).toHaveLength(1);
  expect(compareViews(view, { ...view, rules: view.rules.slice(1) }, 9)).toHaveLength(1);
  expect(compareViews({ ...view, rules: [...view.rules, ...view.rules] }, view, 3)).toHaveLength(3);
});

function readFixture(name: string): string {
  return readFileSync(new URL(`../fixtures/example/${name}`, import.meta.url), "utf8");
}

function exampleTables(): Tables {
  const rows = (name: string): Record<string, string>[] => parse(readFixture(name), { columns: true });
  const identities = rows("identities.csv").map(({ USR_KEY, ...attributes }) => ({
    ...person(USR_KEY!),
    items: Object.entries(attributes).map(([attribute, value]) => ({ attribute, value })),
  }));
  const assignments = rows("assignments.csv").map(({ USR_KEY, ENT }) => assignment(USR_KEY!, ENT!));
  const entitlements = rows("entitlements.csv").map(({ ENT, APP_NAME }) =>
    entitlement(ENT!, { application: APP_NAME! }),
  );
  return { clockMinute: NOW_MS / 60_000, identities, assignments, entitlements };
}

function company(of: {
  users: IdentityRow[];
  holders: Record<string, number>;
  entitlements?: EntitlementRow[];
}): Tables {
  return {
    clockMinute: NOW_MS / 60_000,
    identities: of.users,
    assignments: Object.entries(of.holders).flatMap(([name, count]) =>
      of.users.slice(0, count).map(({ user }) => assignment(user, name)),
    ),
    entitlements: of.entitlements ?? Object.keys(of.holders).map((name) => entitlement(name, {})),
  };
}

function people(count: number, value: string): IdentityRow[] {
  return Array.from({ length: count }, (_, i) => ({ ...person(`u${i}`), items: [item(value)] }));
}

function person(user: string): IdentityRow {
  return { user, state: "active", kind: null, items: [], previousItems: [], itemsChangedAt: null };
}

function withItem(row: IdentityRow, value: string): IdentityRow {
  return { ...row, items: [...row.items, item(value)] };
}

function item(value: string): Item {
  return { attribute: "GROUP", value };
}

function assignment(user: string, name: string): AssignmentRow {
  return {
    user,
    entitlement: name,
    held: true,
    memberAt: NOW_MS - DAY_MS,
    lastUsedAt: null,
    expiresAt: null,
    source: null,
  };
}

function entitlement(name: string, fields: Partial<EntitlementRow>): EntitlementRow {
  return { entitlement: name, catalogued: true, application: null, tags: [], requestable: true, ...fields };
}

function flat({ user, entitlement: name, score }: PairScoreRow): ExpectedScore {
  const { rule, freqUnion, freq } = score;
  return { user, entitlement: name, rule: [...rule], freqUnion, freq, confidence: rounded(freqUnion / freq) };
}

function rounded(confidence: number): number {
  return Math.round(confidence * 10_000) / 10_000;
}

/** In a canonical order, whatever the order of keys. */
function sorted(rows: readonly object[]): string[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
}
