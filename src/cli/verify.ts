/** `verify`: recounts everything from the tables with code of its own, and compares. */
import type { Command } from "commander";
import type { Engine } from "../core/engine.ts";
import { recount, recountFromEvidence } from "../core/recount.ts";
import { checkEvidence, compareViews } from "../core/recount-checks.ts";
import type { Settings } from "../core/settings.ts";
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
      const { engine, head, settings } = await startStoredEngine(session.config);
      const checks = runChecks(engine, settings);
      for (const { name, differences, skipped } of checks) {
        session.say(`${name}: ${skipped ?? (differences.length === 0 ? "equal" : "DIFFERS")}`);
        for (const difference of differences) session.say(`  ${difference}`);
      }
      session.answer({ step: head.step, pending: engine.pendingCount(), checks });
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
  /** Why it was not made. */
  readonly skipped?: string;
}

/**
 * Published evidence of rules that no published pair rests on is not stored; a started engine takes the exact numbers
 * for it. What then differs is pending, and there is nothing to compare until the worker has told it.
 */
function runChecks(engine: Engine, settings: Settings): Check[] {
  const pending = engine.pendingCount();
  const tables = engine.tables();
  const exact = engine.exactView();
  const evidence = [...engine.publishedEvidence()];
  const recounted = compareViews(exact, recount(tables, settings), DIFFERENCES_MAX);
  const conditions = checkEvidence(exact.rules, evidence, settings, tables.entitlements).slice(0, DIFFERENCES_MAX);
  const checks: Check[] = [
    { name: "exact view against the recount", differences: recounted },
    { name: "published evidence against its conditions", differences: conditions },
  ];
  const name = "published view against its evidence";
  if (pending > 0) {
    return [...checks, { name, differences: [], skipped: `not compared, ${pending} entitlements are pending` }];
  }
  const target = recountFromEvidence(tables, settings, evidence);
  const told = { ...engine.publishedView(), itemsets: target.itemsets, rules: target.rules };
  return [...checks, { name, differences: compareViews(told, target, DIFFERENCES_MAX) }];
}
