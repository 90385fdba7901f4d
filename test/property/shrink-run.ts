/** Makes a failing run small: fewer actions, fewer events, fewer fields, plainer settings, the same failure. */
import { DEFAULT_SETTINGS, NO_EXCLUSION, type Settings } from "../../src/core/settings.ts";
import type { Action, Run } from "../support/random-run.ts";
import { BranchCounts } from "./branches.ts";
import { checkRun, type EngineClass, RunFailure } from "./check-run.ts";

/** What is wrong with a run, without its particulars; null when nothing is. */
export function failureOf(run: Run, engineClass: EngineClass): string | null {
  try {
    checkRun(run, engineClass, new BranchCounts());
    return null;
  } catch (error) {
    if (error instanceof RunFailure) return error.what;
    return error instanceof Error ? error.message.replaceAll(/\d+/g, "") : String(error);
  }
}

export function shrinkRun(run: Run, engineClass: EngineClass): Run {
  const failure = failureOf(run, engineClass);
  const fails = (candidate: Run): boolean => failureOf(candidate, engineClass) === failure;
  let smallest = run;
  for (let size = Number.POSITIVE_INFINITY; JSON.stringify(smallest).length < size; ) {
    size = JSON.stringify(smallest).length;
    smallest = shrinkActions(smallest, fails);
    smallest = shrinkEvents(smallest, fails);
    smallest = firstThatFails(smallest, fails, plainerSettings);
    smallest = firstThatFails(smallest, fails, plainerEvents);
  }
  return smallest;
}

type Fails = (candidate: Run) => boolean;

function shrinkActions(run: Run, fails: Fails): Run {
  const actions = withoutChunks(run.actions, (kept) => fails({ ...run, actions: kept }));
  return { ...run, actions };
}

function shrinkEvents(run: Run, fails: Fails): Run {
  let smallest = run;
  for (let i = 0; i < smallest.actions.length; i++) {
    const action = smallest.actions[i]!;
    if (action.do !== "step") continue;
    const replaced = (events: typeof action.events): Run => withAction(smallest, i, { ...action, events });
    smallest = replaced(withoutChunks(action.events, (events) => fails(replaced(events))));
  }
  return smallest;
}

/** Drops runs of entries, halves first, then ever shorter ones, as long as it still fails. */
function withoutChunks<T>(from: readonly T[], fails: (kept: readonly T[]) => boolean): readonly T[] {
  let kept = from;
  for (let length = Math.ceil(from.length / 2); length >= 1; length = Math.floor(length / 2)) {
    for (let start = kept.length - length; start > -length; start -= length) {
      const fewer = kept.filter((_, i) => i < start || i >= start + length);
      if (fewer.length < kept.length && fails(fewer)) kept = fewer;
    }
  }
  return kept;
}

/** Takes each of the changes that still fails. */
function firstThatFails(run: Run, fails: Fails, changesOf: (run: Run) => ((run: Run) => Run)[]): Run {
  let smallest = run;
  for (const change of changesOf(run)) {
    const candidate = change(smallest);
    if (JSON.stringify(candidate) !== JSON.stringify(smallest) && fails(candidate)) smallest = candidate;
  }
  return smallest;
}

function plainerSettings(run: Run): ((run: Run) => Run)[] {
  const plain: Settings = { ...DEFAULT_SETTINGS, learningExclude: NO_EXCLUSION };
  const keys = Object.keys(plain) as (keyof Settings)[];
  const reset = keys.map(
    (key) =>
      (from: Run): Run => ({ ...from, settings: { ...from.settings, [key]: plain[key] } }),
  );
  const dropOverride = run.settings.overrides.map(
    (override) =>
      (from: Run): Run => ({
        ...from,
        settings: { ...from.settings, overrides: from.settings.overrides.filter((other) => other !== override) },
      }),
  );
  const shorter = [1, 2].map(
    (maxRuleLength) =>
      (from: Run): Run => ({ ...from, settings: { ...from.settings, maxRuleLength } }),
  );
  return [...reset, ...dropOverride, ...shorter];
}

function plainerEvents(run: Run): ((run: Run) => Run)[] {
  return run.actions.flatMap((action, i) => {
    if (action.do !== "step") return [];
    const events = action.events.flatMap(({ event }, j) => {
      const fields = Object.keys(event).filter(
        (field) => !["type", "user", "entitlement", "application"].includes(field),
      );
      const shorter = "attributes" in event ? shorterAttributes(i, j) : [];
      return [...fields.map((field) => withoutField(i, j, field)), ...shorter];
    });
    return [withBudget(i, 20_000), withBudget(i, 1), ...events];
  });
}

function withBudget(i: number, budgetRecords: number): (run: Run) => Run {
  return (run) => {
    const action = run.actions[i]!;
    return action.do === "step" ? withAction(run, i, { ...action, budgetRecords }) : run;
  };
}

function withoutField(i: number, j: number, field: string): (run: Run) => Run {
  return (run) => withEvent(run, i, j, (event) => (field === "attributes" ? event : omit(event, field)));
}

function shorterAttributes(i: number, j: number): ((run: Run) => Run)[] {
  return [0, 1, 2, 3, 4, 5].map(
    (k) =>
      (run: Run): Run =>
        withEvent(run, i, j, (event) => ({
          ...event,
          attributes: (event.attributes as unknown[]).filter((_, at) => at !== 5 - k),
        })),
  );
}

function withEvent(run: Run, i: number, j: number, change: (event: Record<string, unknown>) => object): Run {
  const action = run.actions[i]!;
  if (action.do !== "step") return run;
  const events = action.events.map((entry, at) =>
    at === j ? { ...entry, event: change(entry.event as unknown as Record<string, unknown>) } : entry,
  );
  return withAction(run, i, { ...action, events } as Action);
}

function withAction(run: Run, i: number, action: Action): Run {
  return { ...run, actions: run.actions.with(i, action) };
}

function omit(from: Record<string, unknown>, field: string): object {
  return Object.fromEntries(Object.entries(from).filter(([key]) => key !== field));
}
