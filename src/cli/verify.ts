/** `verify`: recounts everything from the tables with code of its own, and compares. */
import type { Command } from "commander";
import type { Engine } from "../core/engine.ts";
import { recount, recountFromEvidence } from "../core/recount.ts";
import { checkEvidence, compareViews } from "../core/recount-checks.ts";
import type { Settings } from "../core/settings.ts";
import type { View } from "../core/tables.ts";
import { AppError } from "../errors.ts";
import { openSession } from "./session.ts";
import { startStoredEngine } from "./stored-engine.ts";
import type { Terminal } from "./terminal.ts";

/** Of each comparison. */
const DIFFERENCES_MAX = 10;

export function addVerify(program: Command, terminal: Terminal): void {
  program
    .command("verify")
    .description("recount everything from the tables and compare: counters, exact view, what was published")
    .action(async (_options: object, command: Command) => {
      const session = openSession(command, terminal);
      const { engine, head, pending, settings } = await startStoredEngine(session.config);
      const checks = runChecks(engine, settings, pending);
      for (const { name, differences, note } of checks) {
        session.say(`${name}: ${note ?? (differences.length === 0 ? "equal" : "DIFFERS")}`);
        for (const difference of differences) session.say(`  ${difference}`);
      }
      session.answer({ step: head.step, pending, checks });
      if (checks.some(({ differences }) => differences.length > 0)) {
        throw new AppError(
          "differs",
          "the state does not agree with its tables",
          "this is a bug: keep the state folder, and run `corollary rebuild`",
        );
      }
    });
}

interface Check {
  readonly name: string;
  readonly differences: readonly string[];
  /** What else is to be said of it. */
  readonly note?: string;
}

function runChecks(engine: Engine, settings: Settings, pending: number): Check[] {
  const tables = engine.tables();
  const exact = engine.exactView();
  const evidence = [...engine.publishedEvidence()];
  const recounted = compareViews(exact, recount(tables, settings), DIFFERENCES_MAX);
  const conditions = checkEvidence(exact.rules, evidence, settings, tables.entitlements).slice(0, DIFFERENCES_MAX);
  const target = recountFromEvidence(tables, settings, evidence);
  return [
    { name: "exact view against the recount", differences: recounted },
    { name: "published evidence against its conditions", differences: conditions },
    comparePublished(engine.publishedView(), target, settings, pending),
  ];
}

/**
 * Evidence of rules that no published pair rests on is not stored; a started engine takes the exact numbers for it. So
 * with materiality above 0 a few pairs have another target than before the end of the worker, which the next start tells.
 */
function comparePublished(published: View, target: View, settings: Settings, pending: number): Check {
  const name = "published view against its evidence";
  if (pending > 0) return { name, differences: [], note: `not compared, ${pending} entitlements are pending` };
  const { itemsets, rules } = target;
  const told = { ...published, itemsets, rules };
  if (settings.materiality.numerator === 0) return { name, differences: compareViews(told, target, DIFFERENCES_MAX) };
  const open = compareViews(told, target, Number.POSITIVE_INFINITY).length;
  const pairs = target.predictions.length + target.recommendations.length;
  return {
    name,
    differences: [],
    note: open === 0 ? "equal" : `equal but for ${open} of ${pairs} pairs, which the next start tells`,
  };
}
