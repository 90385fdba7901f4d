/**
 * `npm run bench:peers -- --people 10000`: the batch job (counts, all rules, the chosen rule of every assignment, all
 * recommendations) in Polars and DuckDB, one thread each, from CSV to the answer in memory. Every peer proves its answer:
 * all digests must be equal, on a small company also that of an oracle in plain Python, before times are worth reading.
 */
import { parseArgs } from "node:util";
import { makeCompany } from "../src/demo/company.ts";
import { writeCompany } from "./company-files.ts";
import { preparePeers, runPeers } from "./peer-runs.ts";
import { printReport, reportOf } from "./report.ts";

const PROOF_PEOPLE = 300;

const { values } = parseArgs({
  options: {
    people: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    peers: { type: "string", default: "polars,duckdb" },
  },
});
const [people, seed, peers] = [Number(values.people), Number(values.seed), values.peers.split(",")];
preparePeers();
runPeers(["oracle", ...peers], writeCompany(makeCompany({ people: PROOF_PEOPLE, seed })));
const company = makeCompany({ people, seed });
const runs = runPeers(peers, writeCompany(company));
const options = { people, seed, attributes: company.attributes.length, assignments: company.held.length };
printReport(reportOf("peers", options, { runs }));
