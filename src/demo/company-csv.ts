/** A generated company as the three CSV files that `import` reads; each function yields whole lines, the header first. */
import { attributesOf, type Company, heldBy, profileOf, userOf } from "./company.ts";
import { Prng } from "./prng.ts";

const LAST_USE_STREAM = 5;
const DAY_MS = 86_400_000;
/** Most access was used lately; some not for months. */
const LAST_USE_DAYS = [30, 30, 30, 30, 30, 60, 80, 160];
const NEVER_USED_SHARE = 0.02;

export function* identityLines(company: Company): Generator<string, void> {
  yield `USR_KEY,${company.attributes.join(",")}\n`;
  for (let person = 0; person < company.people; person += 1) {
    const values = attributesOf(company, profileOf(company, person)).map(([, [value]]) => value);
    yield `${userOf(person)},${values.join(",")}\n`;
  }
}

export function* entitlementLines(company: Company): Generator<string, void> {
  yield "ENT,APP_NAME,APP_ID\n";
  for (const { entitlement, application } of company.entitlements) {
    yield `${entitlement},${application},${application.toLowerCase().replaceAll(" ", "-")}\n`;
  }
}

/** `now` (ms since 1970): last uses lie before it. */
export function* assignmentLines(company: Company, now: number): Generator<string, void> {
  const prng = new Prng(company.seed, LAST_USE_STREAM);
  yield "USR_KEY,ENT,HIGH_RISK,LAST_USAGE\n";
  for (let person = 0; person < company.people; person += 1) {
    const user = userOf(person);
    for (const index of heldBy(company, person)) {
      const { entitlement, risk } = company.entitlements[index]!;
      const highRisk = risk === "high" || risk === "critical" ? "High" : "";
      yield `${user},${entitlement},${highRisk},${lastUse(prng, now)}\n`;
    }
  }
}

const lastUse = (prng: Prng, now: number): string => {
  const usedMs = now - prng.fraction() * prng.pick(LAST_USE_DAYS) * DAY_MS;
  if (prng.chance(NEVER_USED_SHARE)) return "";
  return new Date(usedMs).toISOString().slice(0, 19).replace("T", " ");
};
