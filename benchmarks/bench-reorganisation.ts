/**
 * `npm run bench:reorganisation -- --people 10000`: a tenth of the people change department at once, in the core. Direct
 * lane, time until all is settled against a batch start of the same company, and how long an unrelated event waits.
 */
import { parseArgs } from "node:util";
import { benchReorganisation } from "./reorganisation-run.ts";
import { printReport, reportOf } from "./report.ts";

const { values } = parseArgs({
  options: {
    people: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    "share-percent": { type: "string", default: "10" },
    "materiality-hundredths": { type: "string", default: "1" },
    budget: { type: "string", default: "worker" },
    contract: { type: "string", default: "full" },
  },
});
const options = {
  people: Number(values.people),
  seed: Number(values.seed),
  sharePercent: Number(values["share-percent"]),
  materialityHundredths: Number(values["materiality-hundredths"]),
  budgetRecords: values.budget === "worker" ? null : Number(values.budget),
  contract: values.contract !== "none",
};
const { figures, faults } = benchReorganisation(options);
printReport(reportOf("reorganisation", options, { ...figures, faults }));
process.exitCode = faults.length === 0 ? 0 : 1;
