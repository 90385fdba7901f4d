/**
 * `npm run bench:growth -- --sizes 1000,10000,100000`: `bench:core` at each size in a process of its own; writes
 * `benchmarks/plots/growth.svg` and `growth.json`. A size that fails is left out, and the command fails.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runChild } from "./child.ts";
import { type CoreReport, growthADecade, growthPlot, type SizeFigures, sizeFigures } from "./growth.ts";
import { printReport, reportOf, say } from "./report.ts";

const FOLDER = join("benchmarks", "plots");

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000,10000" },
    seed: { type: "string", default: "1" },
    "warm-up": { type: "string", default: "10000" },
    events: { type: "string", default: "50000" },
    "lane-events": { type: "string", default: "10000" },
    "look-events": { type: "string", default: "2000" },
    /** Largest size whose contract is verified: that takes as much memory again as the engine itself. */
    "contract-up-to": { type: "string", default: "100000" },
    "heap-megabytes": { type: "string", default: "12288" },
    out: { type: "string", default: FOLDER },
  },
});
const sizes = new Map<number, SizeFigures>();
const faults: string[] = [];
for (const people of values.sizes.split(",").map(Number)) {
  say(`${people} people`);
  const contract = people <= Number(values["contract-up-to"]) ? "full" : "none";
  const args = ["warm-up", "events", "lane-events", "look-events", "seed"] as const;
  const passedOn = args.flatMap((name) => [`--${name}`, values[name]]);
  try {
    const { result } = runChild<CoreReport>(
      "bench-core",
      ["--people", `${people}`, "--proof", "none", "--contract", contract, ...passedOn],
      Number(values["heap-megabytes"]),
    );
    sizes.set(people, sizeFigures(result));
  } catch (error) {
    faults.push(`${people} people: ${(error as Error).message}`);
  }
}
const { sizes: _, out, ...options } = values;
const figures = { sizes: Object.fromEntries(sizes), growthADecade: growthADecade(sizes), faults };
const report = reportOf("growth", options, figures);
if (sizes.size > 0) {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "growth.svg"), growthPlot(sizes));
  writeFileSync(join(out, "growth.json"), `${JSON.stringify(report, null, 2)}\n`);
}
printReport(report);
process.exitCode = faults.length === 0 ? 0 : 1;
