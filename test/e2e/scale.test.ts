/** A company of ten thousand, from files and events, through the whole pipeline: exact, and how long it took. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeCompany } from "../../src/demo/company.ts";
import { assignmentLines, entitlementLines, identityLines } from "../../src/demo/company-csv.ts";
import { companyEvents } from "../../src/demo/stream.ts";
import { type EncodableEvent, encodeEvent } from "../../src/events/encode-event.ts";
import { CliFolder } from "../cli/corollary.ts";
import { answerOf } from "../support/built-command.ts";

const PEOPLE = 10_000;
const ASSIGNMENTS_MIN = 100_000;
const EVENTS = 5_000;
/** Of import and events together, on two idle cores. Printed beside what was measured, for the load is not ours. */
const PROMISED_SECONDS = 60;

interface Answer {
  readonly counts: object;
  readonly deltas: number;
  readonly checks: readonly { readonly differences: readonly string[] }[];
}

const cli = new CliFolder();
afterAll(() => cli.remove());

test("ten thousand people, a hundred thousand assignments, five thousand events", { timeout: 1_200_000 }, async () => {
  const company = makeCompany({ people: PEOPLE, seed: 1 });
  const now = Date.now();
  const lists = {
    identities: [...identityLines(company)],
    entitlements: [...entitlementLines(company)],
    assignments: [...assignmentLines(company, now)],
  };
  for (const [name, lines] of Object.entries(lists)) writeFileSync(join(cli.path, `${name}.csv`), lines.join(""));
  const files = Object.keys(lists).flatMap((name) => [`--${name}`, `${name}.csv`]);
  const stream = companyEvents(company, { seed: 1, idPrefix: "event-" });
  const events = Array.from({ length: EVENTS }, () => encodeEvent(stream.next().value as EncodableEvent));
  writeFileSync(join(cli.path, "events.ndjson"), events.map((event) => `${Buffer.from(event).toString()}\n`).join(""));

  const seconds: Record<string, number> = {};
  const timed = async (...args: string[]) => {
    const started = performance.now();
    const answer = answerOf(await cli.spawn([...args, "--set", "log.level=error", "--json"])) as Answer;
    seconds[args[0] ?? ""] = Math.round((performance.now() - started) / 100) / 10;
    return answer;
  };
  const rows = Object.fromEntries(Object.entries(lists).map(([name, lines]) => [name, lines.length - 1]));
  expect(rows["assignments"]).toBeGreaterThanOrEqual(ASSIGNMENTS_MIN);
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  const imported = await timed("import", ...files);
  expect(imported).toMatchObject({ rows, counts: { applied: total, unchanged: 0, late: 0, rejected: 0 } });
  const { counts, deltas } = await timed("apply", "events.ndjson");
  expect(counts).toMatchObject({ late: 0, rejected: 0 });
  const { checks } = await timed("verify");
  for (const { differences } of checks) expect(differences).toEqual([]);

  const { import: importing = 0, apply: applying = 0, verify: verifying = 0 } = seconds;
  console.log(
    `${total} rows imported in ${importing} s, ${EVENTS} events (${deltas} deltas) applied in ${applying} s: ` +
      `${(importing + applying).toFixed(1)} s of ${PROMISED_SECONDS} s; verified in ${verifying} s`,
  );
});
