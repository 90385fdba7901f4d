/** `doctor`: whether a company fits into this machine's memory. */
import { totalmem } from "node:os";
import type { Config } from "../config/keys.ts";
import type { Subject } from "./examination.ts";
import { type CompanySize, estimateBytes } from "./memory-estimate.ts";

/** The rest is for everything else on the machine, and for what an estimate does not know. */
const SHARE_MAX = 0.8;

export function examineSize(subject: Subject, config: Config, company: Omit<CompanySize, "maxRuleLength">): void {
  const estimated = estimateBytes({ ...company, maxRuleLength: config.maxRuleLength });
  const memory = memoryBytes();
  const { people, assignments, itemsPerPerson } = company;
  subject.facts["people"] = people;
  subject.facts["assignments"] = assignments;
  subject.facts["itemsPerPerson"] = Math.round(itemsPerPerson * 10) / 10;
  subject.facts["estimatedBytes"] = estimated;
  subject.facts["memoryBytes"] = memory;
  subject.lines.push(
    `${people} people with ${itemsPerPerson.toFixed(1)} values each, ${assignments} assignments, rules of up to ${config.maxRuleLength}`,
    `about ${inMib(estimated)} MiB needed, ${inMib(memory)} MiB here`,
  );
  if (estimated <= memory * SHARE_MAX) return;
  subject.problems.push(
    `the company needs about ${inMib(estimated)} MiB; allowed is ${SHARE_MAX * 100} % of the ${inMib(memory)} MiB here — take a larger machine, fewer \`features\`, or a smaller maxRuleLength`,
  );
}

/** Of the machine, or what a container leaves of it. */
function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function inMib(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
