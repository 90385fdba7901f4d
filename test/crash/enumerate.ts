/** Plays a recorded run again and again, with something going wrong at every call of a port. */

import { expect } from "vitest";
import { faultsOf, linesOf, type Snapshot, snapshotOf } from "./check.ts";
import { type Fault, FaultPlan, kindsAt } from "./fault-plan.ts";
import type { Wave } from "./scenario.ts";
import { type Mutation, World } from "./world.ts";

/** While one trial waits for its database, others compute. */
const AT_A_TIME = 3;
/** Worlds that wait on the disk for their turn. */
const ON_THE_WAY_MAX = 16;
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/** A wave as it goes without faults: where it begins, what it passes, where it ends. */
export interface Recording {
  readonly wave: Wave;
  readonly before: World;
  readonly points: readonly string[];
  readonly after: Snapshot;
  /** null: the published view may differ from it (materiality). */
  readonly exactView: readonly string[] | null;
}

export interface Trial {
  readonly recording: Recording;
  readonly faults: readonly Fault[];
}

export async function record(world: World, waves: readonly Wave[]): Promise<Recording[]> {
  const recordings: Recording[] = [];
  const isExact = world.config().materiality.numerator === 0;
  for (const wave of waves) {
    const before = world.fork();
    const plan = new FaultPlan();
    const { engine } = await world.play(wave, plan);
    const after = await snapshotOf(world);
    recordings.push({
      wave,
      before,
      points: plan.passed,
      after,
      exactView: isExact ? linesOf(engine.exactView()) : null,
    });
  }
  return recordings;
}

export function lastOf(recordings: readonly Recording[]): Recording {
  const last = recordings.at(-1);
  if (last === undefined) throw new RangeError("nothing was recorded");
  return last;
}

/**
 * The last wave once more, begun with the state of an earlier one (C6), of none (C7): what recovery passes on the way.
 * The end must be the same.
 */
export async function recordRestored(recordings: readonly Recording[], backup: number | "lost"): Promise<Recording> {
  const last = lastOf(recordings);
  const before = last.before.fork(backup === "lost" ? "lost" : recordings[backup]?.before);
  const trial = before.fork();
  const plan = new FaultPlan();
  await trial.play(last.wave, plan);
  const faults = faultsOf(await snapshotOf(trial), last.after, last.exactView);
  await trial.remove();
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return { ...last, before, points: plan.passed };
}

/** What a mutated worker passes without faults. */
export async function pointsOf({ before, wave }: Recording, mutation: Mutation): Promise<readonly string[]> {
  const world = before.fork();
  const plan = new FaultPlan();
  await world.play(wave, plan, mutation);
  await world.remove();
  return plan.passed;
}

/** One trial for every point and everything that can go wrong there. */
export function singleFaults(recordings: readonly Recording[]): Trial[] {
  return recordings.flatMap((recording) =>
    recording.points.flatMap((point, index) =>
      kindsAt(point).map((kind) => ({ recording, faults: [{ index, kind }] })),
    ),
  );
}

/** After every single fault a crash at each of the next `distance` calls: those of the recovery, and beyond. */
export function pairsOfFaults(recordings: readonly Recording[], distance: number): Trial[] {
  return singleFaults(recordings).flatMap(({ recording, faults }) =>
    faults.flatMap((first) =>
      Array.from({ length: distance }, (_, i): Trial => {
        return { recording, faults: [first, { index: first.index + 1 + i, kind: "crash" }] };
      }),
    ),
  );
}

/** What is wrong after a trial; null: nothing. */
async function faultOf({ recording, world }: Played, play: () => Promise<unknown>): Promise<string | null> {
  try {
    await play();
    const found = faultsOf(await snapshotOf(world), recording.after, recording.exactView);
    return found.length === 0 ? null : found.join("\n");
  } catch (error) {
    return String(error);
  } finally {
    await world.remove();
  }
}

interface Played {
  readonly recording: Recording;
  readonly world: World;
}

/**
 * Trials that differ in the moment of their last crash alone go the same way until then. So the one that goes furthest is
 * played from the beginning, and on its way leaves, for each of the others, the world as its crash would.
 */
async function* playTogether(trials: readonly Trial[], mutation?: Mutation): AsyncGenerator<[Trial, string | null]> {
  const furthest = trials.at(-1)!;
  const { recording, faults } = furthest;
  const moments = new Set(trials.slice(0, -1).map(momentOf));
  const crashed = new Map<number, World>();
  const world = recording.before.fork();
  const plan = new FaultPlan(faults, (index) => {
    if (moments.has(index)) crashed.set(index, world.crashed());
  });
  try {
    const fault = await faultOf({ recording, world }, () => world.play(recording.wave, plan, mutation));
    yield [furthest, fault];
    for (const trial of trials.slice(0, -1)) {
      const rest = crashed.get(momentOf(trial));
      crashed.delete(momentOf(trial));
      // A moment that never came makes the same trial as another that never came.
      const goOn = (from: World): Promise<unknown> => from.goOn(recording.wave, new FaultPlan(), mutation);
      yield [trial, rest === undefined ? fault : await faultOf({ recording, world: rest }, () => goOn(rest))];
    }
  } finally {
    for (const left of crashed.values()) await left.remove();
  }
}

function momentOf({ faults }: Trial): number {
  return faults.at(-1)?.index ?? 0;
}

/** Crashes that may share their way; all others each by itself. */
function waysOf(trials: readonly Trial[]): Trial[][] {
  const endsInCrash = ({ faults }: Trial): boolean => faults.at(-1)?.kind === "crash";
  const ways = trials.filter((trial) => !endsInCrash(trial)).map((trial) => [trial]);
  let way: Trial[] = [];
  for (const trial of trials.filter(endsInCrash)) {
    if (way.length === 0 || way.length === ON_THE_WAY_MAX || !isSameWay(way[0]!, trial)) ways.push((way = []));
    way.push(trial);
  }
  return ways;
}

function isSameWay(a: Trial, b: Trial): boolean {
  const before = ({ faults }: Trial): string => JSON.stringify(faults.slice(0, -1));
  return a.recording === b.recording && before(a) === before(b);
}

/** Every failure with its repro. Several trials at a time, each in a world of its own. */
export async function failuresOf(trials: readonly Trial[], mutation?: Mutation, failuresMax = 5): Promise<string[]> {
  const failures: string[] = [];
  const left = waysOf(trials).values();
  const work = async (): Promise<void> => {
    for (const way of left) {
      for await (const [trial, fault] of playTogether(way, mutation)) {
        if (failures.length >= failuresMax) return;
        if (fault !== null) failures.push(`${nameOf(trial)}: ${fault}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return failures;
}

function nameOf({ recording, faults }: Trial): string {
  const points = faults.map(
    ({ index, kind }) => `${kind} at ${index} (${recording.points[index] ?? "after recovery"})`,
  );
  return `${recording.wave.name}, ${points.join(", then ")}`;
}

/** About `count`, spread evenly, the same ones each time; CRASH_TRIALS names another count, or `all`. */
function sample(trials: readonly Trial[], count: number): readonly Trial[] {
  const wanted = process.env["CRASH_TRIALS"] ?? String(count);
  if (wanted === "all" || Number(wanted) >= trials.length) return trials;
  // The golden ratio falls into step with no pattern in the list.
  return trials.filter((_, i) => (i * GOLDEN_RATIO) % 1 < Number(wanted) / trials.length);
}

/** Tries about `count` of the trials and tells how many; all must end well. */
export class Enumeration {
  readonly #name: string;
  #tried = 0;
  #total = 0;

  constructor(name: string) {
    this.#name = name;
  }

  async expectNoFailure(what: string, trials: readonly Trial[], count: number): Promise<void> {
    const tried = sample(trials, count);
    const failures = await failuresOf(tried);
    console.log(`${this.#name}, ${what}: ${tried.length} of ${trials.length} crash points tried`);
    this.#tried += tried.length;
    this.#total += trials.length;
    expect(failures).toEqual([]);
  }

  /** To be called at the end. */
  tell(): void {
    console.log(`${this.#name}: ${this.#tried} of ${this.#total} crash points tried`);
  }
}
