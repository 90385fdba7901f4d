/** The data structures of the core, one by one. */
import { deepStrictEqual } from "node:assert/strict";
import { Changes, IdSet } from "../src/core/changes.ts";
import { Choice } from "../src/core/choice.ts";
import { Engine } from "../src/core/engine.ts";
import { IntLists } from "../src/core/int-lists.ts";
import { Live } from "../src/core/live.ts";
import { plantingBasis } from "../src/core/planted.ts";
import { RuleTable } from "../src/core/rule-tables.ts";
import { DEFAULT_SETTINGS } from "../src/core/settings.ts";
import { atOnce } from "../src/core/slices.ts";
import { portionOf } from "../src/core/uncounted.ts";
import { ExactView, tablesOf } from "../src/core/views.ts";
import { type Company, heldBy, userOf } from "../src/demo/company.ts";
import { Prng } from "../src/demo/prng.ts";
import type { AssignmentEvent } from "../src/events/event.ts";
import { COMPANY_MS } from "./company-files.ts";
import { COMPANY_MINUTE, companyRows } from "./company-rows.ts";
import { loadRows } from "./core-run.ts";
import { digestOfView } from "./digest.ts";
import type { Micro } from "./micro.ts";
import { PlainAnswer } from "./plain-answer.ts";

const STREAM = 9;
/** Sizes of a typical table and of many typical lists at 10,000 people. */
const RULES = 2_000;
const LISTS = 1_000;
const LIST_LENGTH = 64;
const EVENTS = 500;

export function ruleTableMicros(): Micro[] {
  const prng = new Prng(1, STREAM);
  const itemsets = [...new Set(Array.from({ length: RULES }, () => prng.below(100_000)))];
  const absent = itemsets.map((itemset) => itemset + 100_000);
  const table = new RuleTable();
  for (const [i, itemset] of itemsets.entries()) table.insert(itemset, i);
  const prove = (): void => {
    deepStrictEqual([...table.itemsets()].sort(ascending), [...itemsets].sort(ascending));
    for (const [i, itemset] of itemsets.entries()) deepStrictEqual(table.freqUnionAt(table.find(itemset)), i);
    for (const itemset of absent) deepStrictEqual(table.find(itemset), -1);
  };
  const find = (wanted: readonly number[]) => (): number => {
    let sum = 0;
    for (const itemset of wanted) sum += table.find(itemset);
    return sum;
  };
  const common = { operations: itemsets.length, prove };
  return [
    { ...common, name: "rule table: find, a rule", unit: "probe", round: find(itemsets) },
    { ...common, name: "rule table: find, no rule", unit: "probe", round: find(absent) },
    {
      ...common,
      name: "rule table: insert and delete",
      unit: "rule",
      round: () => {
        for (const itemset of absent) table.insert(itemset, 3);
        for (const itemset of absent) table.delete(itemset);
      },
    },
  ];
}

export function intListMicros(): Micro[] {
  const prng = new Prng(1, STREAM + 1);
  const wanted = Array.from({ length: LISTS }, () =>
    [...new Set(Array.from({ length: LIST_LENGTH }, () => prng.below(10_000) * 2))].sort(ascending),
  );
  const lists = new IntLists();
  for (const [list, values] of wanted.entries()) lists.assign(list, values);
  const prove = (): void => {
    for (const [list, values] of wanted.entries()) deepStrictEqual(lists.toArray(list), values);
  };
  const probes = wanted.map((values) => values[values.length >> 1]!);
  return [
    {
      name: "integer lists: has, 64 integers a list",
      unit: "look-up",
      operations: LISTS,
      prove,
      round: () => {
        let found = 0;
        for (const [list, value] of probes.entries()) if (lists.has(list, value)) found += 1;
        return found;
      },
    },
    {
      name: "integer lists: insert and remove in the middle, 64 integers a list",
      unit: "integer",
      operations: LISTS,
      prove,
      round: () => {
        for (const [list, value] of probes.entries()) lists.insert(list, value + 1);
        for (const [list, value] of probes.entries()) lists.remove(list, value + 1);
      },
    },
    {
      name: "integer lists: walk, 64 integers a list",
      unit: "list",
      operations: LISTS,
      prove,
      round: () => {
        const { pool, start, length } = lists;
        let sum = 0;
        for (let list = 0; list < LISTS; list += 1) {
          const end = start[list]! + length[list]!;
          for (let at = start[list]!; at < end; at += 1) sum += pool[at]!;
        }
        return sum;
      },
    },
  ];
}

/** Counters and scoring, on a whole company. */
export function companyMicros(company: Company): Micro[] {
  const engine = new Engine(DEFAULT_SETTINGS);
  loadRows(engine, companyRows(company, DEFAULT_SETTINGS));
  const tables = engine.company;
  tables.advanceClock(COMPANY_MINUTE);
  const changes = new Changes();
  let live = new Live(tables, DEFAULT_SETTINGS, changes);
  const build = (): void => {
    live = new Live(tables, DEFAULT_SETTINGS, changes);
    const basis = atOnce(plantingBasis(tables, DEFAULT_SETTINGS.maxRuleLength, () => true));
    const rules = atOnce(live.settle.build({ basis, planted: null }, null));
    atOnce(live.counters.takeRules(rules, null));
  };
  build();
  const prove = (): void => {
    const plain = new PlainAnswer(tablesOf(tables), DEFAULT_SETTINGS);
    const view = new ExactView(tables, live);
    const rows = { itemsets: view.itemsets(), rules: view.rules() };
    const pairs = { predictions: view.predictions(), recommendations: view.recommendations() };
    deepStrictEqual(digestOfView({ ...rows, ...pairs }, plain.codes), plain.exact());
  };
  let atMs = COMPANY_MS;
  const count = (events: readonly AssignmentEvent[]): void => {
    for (const event of events) {
      tables.apply({ ...event, at: ++atMs }, atMs, changes);
      live.settle.settle(portionOf(changes, new IdSet()));
      live.counters.takeChanges();
      changes.clear();
    }
  };
  const [revocations, grants] = revokedAndGranted(company);
  const { pairs } = tables;
  const held = Array.from({ length: pairs.size }, (_, row) => row).filter((row) => pairs.isHeld(row));
  const choose = (evidence: "exact" | "published") => (): number => {
    const choice = new Choice(live.counters, DEFAULT_SETTINGS);
    let scored = 0;
    for (const row of held) if (choice.forUser(pairs.userOf(row), pairs.entitlementOf(row), evidence)) scored += 1;
    return scored;
  };
  return [
    {
      name: "counters: everything by the batch path",
      unit: "assignment",
      operations: held.length,
      prove,
      round: build,
    },
    {
      name: "counters: a revocation and a grant, one by one",
      unit: "event",
      operations: revocations.length + grants.length,
      prove,
      round: () => {
        count(revocations);
        count(grants);
      },
    },
    { name: "scoring: published evidence", unit: "pair", operations: held.length, prove, round: choose("published") },
    { name: "scoring: exact evidence", unit: "pair", operations: held.length, prove, round: choose("exact") },
  ];
}

/** One assignment each of people spread over the company, taken away and given back. */
function revokedAndGranted(company: Company): [AssignmentEvent[], AssignmentEvent[]] {
  const [revocations, grants]: [AssignmentEvent[], AssignmentEvent[]] = [[], []];
  const stride = Math.max(1, Math.floor(company.people / EVENTS));
  for (let person = 0; person < company.people; person += stride) {
    const held = heldBy(company, person);
    if (held.length === 0) continue;
    const { entitlement } = company.entitlements[held[person % held.length]!]!;
    const pair = { user: userOf(person), entitlement };
    revocations.push({ type: "assignment.revoked", ...pair });
    grants.push({ type: "assignment.granted", ...pair });
  }
  return [revocations, grants];
}

const ascending = (a: number, b: number): number => a - b;
