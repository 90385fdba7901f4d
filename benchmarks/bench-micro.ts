/**
 * `npm run bench:micro`: nanoseconds an operation of rule tables, integer lists, counters, scoring, and of records in and
 * out. Each proves its answer first and afterwards.
 */
import { parseArgs } from "node:util";
import { makeCompany } from "../src/demo/company.ts";
import { loadSchemaTable } from "../src/events/schema-files.ts";
import { measure } from "./micro.ts";
import { companyMicros, intListMicros, ruleTableMicros } from "./micro-core.ts";
import { deltaMicros, eventMicros } from "./micro-encoding.ts";
import { printReport, reportOf, say } from "./report.ts";

const RECORDS = 10_000;

const { values } = parseArgs({
  options: {
    people: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    milliseconds: { type: "string", default: "1000" },
  },
});
const options = { people: Number(values.people), seed: Number(values.seed), milliseconds: Number(values.milliseconds) };
const company = makeCompany(options);
const schemas = await loadSchemaTable("schemas");
const micros = [
  ...ruleTableMicros(),
  ...intListMicros(),
  ...companyMicros(company),
  ...eventMicros(company, schemas, RECORDS),
  ...deltaMicros(company, schemas, RECORDS),
];
const figures = micros.map((micro) => {
  say(micro.name);
  return measure(micro, options.milliseconds);
});
printReport(reportOf("micro", options, { micros: figures }));
