/** `verify`: recounts everything from the tables with code of its own, and compares. */
import type { Command } from "commander";
import type { Engine } from "../core/engine.ts";
import { recount, recountFromEvidence } from "../core/recount.ts";
import { checkEvidence, compareViews } from "../core/recount-checks.ts";
import type { Settings } from "../core/settings.ts";
import type { View } from "../core/tables.ts";
import { AppError } from "../errors.ts";
import type { StoredHead } from "../state/store.ts";
import { openSession, type Session } from "./session.ts";
import { startStoredEngine } from "./stored-engine.ts";
import type { Terminal } from "./terminal.ts";
import { checkTopics } from "./verify-topics.ts";

interface Options {
  readonly topics?: boolean;
}

const HELP = `
A worker may be running: everything is compared as of one committed step. Needs the settings that the worker has.

Exit codes: 0 all equal, 1 something differs, 3 other settings, 5 no state or one that is apart from its topics,
7 the topics cannot be read.`;

/** Of each comparison. */
const DIFFERENCES_MAX = 10;

export function addVerify(program: Command, terminal: Terminal): void {
  program
    .command("verify")
    .description("recount everything from the tables and compare: counters, exact view, what was published")
    .option("--topics", "also rebuild from the output topics what consumers have, and compare it with the state")
    .addHelpText("after", HELP)
    .action(async ({ topics = false }: Options, command: Command) => {
      const session = openSession(command, terminal);
      const { engine, head, pending, settings } = await startStoredEngine(session.config);
      const checks = runChecks(engine, settings, pending);
      if (topics) checks.push(...(await runTopicChecks(session, head, engine.publishedView())));
      for (const { name, differences, note } of checks) {
        session.say(`${name}: ${note ?? (differences.length === 0 ? "equal" : "DIFFERS")}`);
        for (const difference of differences) session.say(`  ${difference}`);
      }
      session.answer({ step: head.step, pending, checks });
      if (checks.some(({ differences }) => differences.length > 0)) {
        throw new AppError(
          "differs",
          `the state does not agree with its tables${topics ? ", or not with its topics" : ""}`,
          "this is a bug, or somebody else wrote there: keep the state folder, and run `corollary rebuild`",
        );
      }
    });
}

async function runTopicChecks(session: Session, head: StoredHead, told: View): Promise<Check[]> {
  const { published, order, progress, view, unpublished } = await checkTopics(session, head, told, DIFFERENCES_MAX);
  const viewNote =
    unpublished && view.length === 0 ? { note: `equal, with step ${head.step} that is to be sent yet` } : {};
  const later = published === head.step ? {} : { note: `not compared, the topics are at step ${published}` };
  return [
    { name: "order of the records on the output topics", differences: order },
    { name: "progress record against the state", differences: progress, ...later },
    { name: "view rebuilt from the output topics against the published one", differences: view, ...viewNote },
  ];
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
  const wanted = { ...target, itemsets: [], rules: [] };
  if (settings.materiality.numerator === 0) {
    return { name, differences: compareViews(published, wanted, DIFFERENCES_MAX) };
  }
  const open = compareViews(published, wanted, Number.POSITIVE_INFINITY).length;
  const pairs = target.predictions.length + target.recommendations.length;
  return {
    name,
    differences: [],
    note: open === 0 ? "equal" : `equal but for ${open} of ${pairs} pairs, which the next start tells`,
  };
}
