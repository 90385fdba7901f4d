/**
 * The demo, killed at seeded random moments: while it starts, founds its company, streams, or recovers from the kill
 * before. After each kill the state agrees with its tables, and its published view is the sum of what was told.
 * DEMO_KILLS: how many kills, 50 unless told otherwise.
 */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { EXIT_CODES } from "../../src/errors.ts";
import { CliFolder, type ProcessOptions, type Run } from "../cli/corollary.ts";
import { RandomSource } from "../support/random-source.ts";
import { readTold, type Told, toldRows } from "./told.ts";

const KILLS = Number(process.env["DEMO_KILLS"] ?? 50);
/** Each life begins with nothing, so that founding is killed often enough. */
const KILLS_PER_LIFE = 7;
/** After so many the company is founded in peace: on a machine that has become busy it would never come to stream. */
const FOUNDING_KILLS_MAX = 4;
const LANES = 2;
const PEOPLE = 80;
const EARLY_SHARE = 0.25;
const STREAM_MS = 700;
/** Many small steps and hardly any waiting, so that few moments are idle ones. */
const SETTINGS = ["log.level=error", "step.recordsMax=40", "step.budgetRecords=60", "step.waitMs=5"];

const cli = new CliFolder();
afterAll(() => cli.remove());

const killed = { starting: 0, founding: 0, streaming: 0 };
const totals = { unpublished: 0, steps: 0, records: 0, events: 0 };

test(`${KILLS} kills of the demo: nothing lost, nothing told twice`, { timeout: 3_600_000 }, async () => {
  writeFileSync(join(cli.path, "nothing.ndjson"), "");
  const pace = await new Life(0).measure();
  let [lives, left] = [0, KILLS];
  const lane = async () => {
    while (left > 0) {
      const kills = Math.min(left, KILLS_PER_LIFE);
      left -= kills;
      const life = new Life(++lives);
      for (let kill = 0; kill < kills; kill++) await life.kill(pace);
      await life.end();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  console.log(`killed while ${JSON.stringify(killed)}; in ${lives} lives ${JSON.stringify(totals)}`);
  expect(killed.starting + killed.founding + killed.streaming).toBe(KILLS);
  if (KILLS >= 20) expect(Math.min(killed.founding, killed.streaming)).toBeGreaterThan(0);
});

/** ms on this machine. */
interface Pace {
  /** From the start of the process to its first word. */
  readonly start: number;
  /** From there until the company is founded. */
  readonly founding: number;
}

class Life {
  readonly #data: string;
  readonly #exact: boolean;
  readonly #settings: readonly string[];
  readonly #company: readonly string[];
  readonly #random: RandomSource;
  #foundingKills = 0;

  constructor(seed: number) {
    this.#data = `life-${seed}`;
    this.#exact = seed % 2 === 1;
    this.#random = new RandomSource(seed);
    const settings = [...SETTINGS, `materiality=${this.#exact ? 0 : 0.01}`];
    this.#settings = settings.flatMap((setting) => ["--set", setting]);
    this.#company = ["--people", String(PEOPLE), "--seed", String(seed)];
  }

  async measure(): Promise<Pace> {
    const spawnedMs = performance.now();
    let spokeMs = spawnedMs;
    await this.#spawn(["demo", ...this.#company, "--events", "0"], {
      when: { said: /./, act: () => (spokeMs = performance.now()) },
    });
    return { start: spokeMs - spawnedMs, founding: performance.now() - spokeMs };
  }

  async kill(pace: Pace): Promise<void> {
    const early = this.#random.chance(EARLY_SHARE);
    let { founded } = this.#progress();
    if (!founded && this.#foundingKills === FOUNDING_KILLS_MAX) {
      await this.#answer(["demo", ...this.#company, "--events", "0"]);
      ({ founded } = this.#progress());
    }
    if (!founded) this.#foundingKills++;
    const withinMs = early ? pace.start : founded ? STREAM_MS : pace.founding;
    const afterMs = this.#random.fraction() * withinMs;
    const { code, out, err } = await this.#spawn(["demo", ...this.#company, "--rate", "0"], {
      when: { said: early ? /^/ : /./, act: (child) => setTimeout(() => child.kill("SIGKILL"), afterMs) },
    });
    expect(code, err).toBe(null);
    killed[out + err === "" ? "starting" : founded ? "streaming" : "founding"] += 1;
    await this.#check();
  }

  /** Left alone it comes to where it would have been without the kills. */
  async end(): Promise<void> {
    await this.#answer(["demo", ...this.#company, "--events", "10"]);
    const told = await this.#check();
    const exact = await this.#view(this.#data);
    if (this.#exact) expect(toldRows(told)).toEqual(exact);

    const { events } = this.#progress();
    const undisturbed = `${this.#data}-undisturbed`;
    await this.#answer(["demo", ...this.#company, "--events", String(events)], undisturbed);
    // Flags depend on the time of day.
    expect({ ...(await this.#view(undisturbed)), flags: null }).toEqual({ ...exact, flags: null });
    totals.steps += told.step;
    totals.records += told.records;
    totals.events += events;
  }

  async #check(): Promise<Told> {
    const told = readTold(join(cli.path, this.#data, "journal"));
    expect(told.problems, this.#data).toEqual([]);
    const verified = await cli.run(["verify", "--json", ...this.#settings, "--data", this.#data]);
    if (verified.code === EXIT_CODES.state && told.step === 0) return told;
    expect(verified, this.#data).toMatchObject({ code: 0 });

    const { step } = JSON.parse(verified.out) as { step: number };
    if (step === told.step) {
      expect(toldRows(told), this.#data).toEqual(await this.#view(this.#data, "--published"));
      return told;
    }
    expect(step).toBe(told.step + 1);
    totals.unpublished += 1;
    await this.#checkRecovered();
    return told;
  }

  /** Lets a copy go on, so that the next start still finds what the kill left. */
  async #checkRecovered(): Promise<void> {
    const copy = `${this.#data}-copy`;
    cpSync(join(cli.path, this.#data), join(cli.path, copy), { recursive: true });
    await this.#answer(["apply", "nothing.ndjson"], copy);
    const told = readTold(join(cli.path, copy, "journal"));
    expect(told.problems, copy).toEqual([]);
    expect(toldRows(told), copy).toEqual(await this.#view(copy, "--published"));
    rmSync(join(cli.path, copy), { recursive: true });
  }

  /** What `export` writes of pairs, by list. */
  async #view(data: string, ...options: string[]): Promise<Record<string, unknown[]>> {
    const out = `${data}-view`;
    await this.#answer(["export", "--out", out, ...options], data);
    const lists = ["predictions", "recommendations", "flags"];
    return Object.fromEntries(
      lists.map((list) => {
        const lines = readFileSync(join(cli.path, out, `${list}.ndjson`), "utf8")
          .split("\n")
          .slice(0, -1);
        return [list, lines.map((line) => JSON.parse(line) as unknown)];
      }),
    );
  }

  #progress(): { readonly founded: boolean; readonly events: number } {
    const file = join(cli.path, this.#data, "demo.json");
    if (!existsSync(file)) return { founded: false, events: 0 };
    return JSON.parse(readFileSync(file, "utf8")) as { founded: boolean; events: number };
  }

  async #answer(args: readonly string[], data: string = this.#data): Promise<Record<string, unknown>> {
    return cli.json([...args, ...this.#settings, "--data", data]);
  }

  async #spawn(args: readonly string[], options: ProcessOptions): Promise<Run> {
    return cli.spawn([...args, ...this.#settings, "--data", this.#data], options);
  }
}
