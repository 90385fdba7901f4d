/**
 * Whether an engine tells the truth, checked in ways that also fit large companies:
 *  1. its exact view is the plain answer counted from its tables;
 *  2. the published evidence of every rule obeys the conditions of materiality;
 *  3. quiet, the published view is the plain answer made from the published evidence;
 *  4. after `reconcile`, the published view is the exact view.
 */
import type { Engine } from "../src/core/engine.ts";
import { checkEvidence } from "../src/core/recount-checks.ts";
import type { Settings } from "../src/core/settings.ts";
import type { RuleRow } from "../src/core/tables.ts";
import { settle } from "./core-run.ts";
import { type AnswerDigest, type Codes, digestOfView } from "./digest.ts";
import { PlainAnswer } from "./plain-answer.ts";

const RULES_A_CHECK = 50_000;
const FAULTS_MAX = 5;

/** What a quiet engine does wrong; none: it keeps the contract. Ends reconciled. `deltas`: what that took. */
export function checkContract(
  engine: Engine,
  settings: Settings,
  clockMinute: number,
): { faults: string[]; deltas: number } {
  const faults = evidenceFaults(engine, settings);
  const plain = new PlainAnswer(engine.tables(), settings);
  const exact = plain.exact();
  const compare = (what: string, got: object, expected: object): void => {
    const [gotText, expectedText] = [JSON.stringify(got), JSON.stringify(expected)];
    if (gotText !== expectedText) faults.push(`${what}: ${gotText}, expected ${expectedText}`);
  };
  compare("exact view", exactDigest(engine, plain.codes), exact);
  compare("published view", publishedDigest(engine, plain.codes), plain.fromEvidence(engine.publishedEvidence()));
  engine.reconcile();
  const deltas = settle(engine, clockMinute, Number.MAX_SAFE_INTEGER);
  const { predictions, recommendations, notScored } = exact;
  compare("reconciled view", publishedDigest(engine, plain.codes), { predictions, recommendations, notScored });
  return { faults, deltas };
}

export function exactDigest(engine: Engine, codes: Codes): AnswerDigest {
  const view = engine.exact();
  const [itemsets, rules] = [view.itemsets(), view.rules()];
  return digestOfView(
    { itemsets, rules, predictions: view.predictions(), recommendations: view.recommendations() },
    codes,
  );
}

export function publishedDigest(
  engine: Engine,
  codes: Codes,
): Pick<AnswerDigest, "predictions" | "recommendations" | "notScored"> {
  const { predictions, recommendations, notScored } = digestOfView(engine.publishedView(), codes);
  return { predictions, recommendations, notScored };
}

function evidenceFaults(engine: Engine, settings: Settings): string[] {
  const { entitlements } = engine.tables();
  const faults: string[] = [];
  const evidence = engine.publishedEvidence()[Symbol.iterator]();
  let [exact, told]: [RuleRow[], RuleRow[]] = [[], []];
  const check = (): void => {
    faults.push(...checkEvidence(exact, told, settings, entitlements).slice(0, FAULTS_MAX));
    [exact, told] = [[], []];
  };
  for (const rule of engine.exact().rules()) {
    exact.push(rule);
    const next = evidence.next();
    if (next.done !== true) told.push(next.value);
    if (exact.length === RULES_A_CHECK) check();
  }
  check();
  return faults;
}
