/** Whether a pipeline did its job, looked at when the worker has ended: what its figures are worth. */
import { join } from "node:path";
import { startStoredEngine } from "../src/cli/stored-engine.ts";
import type { Config } from "../src/config/keys.ts";
import { compareViews } from "../src/core/recount-checks.ts";
import { loadSchemaTable } from "../src/events/schema-files.ts";
import { openLog } from "../src/log.ts";
import { makeTransport } from "../src/worker/open-transport.ts";
import { readPublishedView } from "../src/worker/published-view.ts";
import { PROJECT_ROOT } from "../test/support/project-root.ts";
import { checkContract } from "./contract.ts";
import { settle } from "./core-run.ts";

const FAULTS_MAX = 5;

/**
 * Faults, in words; none: every one of `appended` events was taken, the records of the output topics come to the published
 * view, and, where that is asked for, the view keeps the contract.
 */
export async function provePipeline(config: Config, appended: number, contract: boolean): Promise<string[]> {
  const { engine, head, pending, settings } = await startStoredEngine(config);
  const faults: string[] = [];
  const { applied, unchanged, late, rejected } = head.counts;
  const taken = applied + unchanged + late;
  if (taken !== appended || rejected > 0) faults.push(`${taken} of ${appended} events taken, ${rejected} rejected`);
  if (pending > 0) faults.push(`${pending} entitlements are pending`);
  const told = engine.publishedView();
  const transport = await makeTransport(config, openLog("silent"), Date.now, { readOnly: true });
  try {
    await transport.open();
    const view = await readPublishedView(transport, config, await loadSchemaTable(join(PROJECT_ROOT, "schemas")));
    faults.push(...compareViews({ ...told, ...view }, told, FAULTS_MAX));
  } finally {
    await transport.close();
  }
  if (!contract) return faults;
  settle(engine, head.clockMinute, Number.MAX_SAFE_INTEGER);
  faults.push(...checkContract(engine, settings, head.clockMinute).faults);
  return faults;
}
