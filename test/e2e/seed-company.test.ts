/** The worked example built from events alone, told out of order and by detours: what counts is where they lead. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CliFolder } from "../cli/corollary.ts";
import { expectExample } from "../cli/example-view.ts";
import { RandomSource } from "../support/random-source.ts";
import { detours } from "./detours.ts";

const SEEDS = 4;
const QUIET = ["--set", "log.level=warn"];

const cli = new CliFolder();
afterAll(() => cli.remove());

interface Applied {
  readonly lines: number;
  readonly records: number;
  readonly deltas: number;
  readonly counts: Readonly<Record<"applied" | "unchanged" | "late" | "rejected", number>>;
}

test.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
  "seed %i: any order and any detours give the same view",
  { timeout: 180_000 },
  async (seed) => {
    const random = new RandomSource(seed);
    const lines = random.shuffle(detours(random)).map((event) => `${JSON.stringify(event)}\n`);
    const cut = random.between(0, lines.length);
    const settings = [...QUIET, "--set", `step.recordsMax=${random.pick([1, 7, 5_000])}`];
    const data = `events-${seed}`;
    const apply = (file: string, part: readonly string[]) => {
      writeFileSync(join(cli.path, file), part.join(""));
      return cli.json<Applied>(["apply", file, "--data", data, ...settings]);
    };
    const parts = [
      await apply(`first-${seed}.ndjson`, lines.slice(0, cut)),
      await apply(`second-${seed}.ndjson`, lines.slice(cut)),
    ];

    const sum = (kind: keyof Applied["counts"]) => parts.reduce((total, { counts }) => total + counts[kind], 0);
    expect(sum("applied") + sum("unchanged") + sum("late")).toBe(lines.length);
    expect(sum("rejected")).toBe(0);
    expect(Math.min(sum("unchanged"), sum("late"))).toBeGreaterThan(10);

    await cli.json(["export", "--out", `${data}-view`, "--data", data]);
    expectExample(join(cli.path, `${data}-view`));
    expect((await cli.run(["verify", "--data", data])).err).toBe("");

    const again = await apply(`second-${seed}.ndjson`, lines.slice(cut));
    expect(again).toMatchObject({ records: 0, deltas: 0 });
  },
);
