/** Why a pair has the score it has: every rule that applies, which one was chosen, and why the others were not. */
import { type Candidate, choose, compareConfidence } from "../core/recount-choice.ts";
import { policyOf } from "../core/recount-policy.ts";
import type { Settings } from "../core/settings.ts";
import type { IdentityRow, PairScoreRow, Tables, View } from "../core/tables.ts";
import { AppError } from "../errors.ts";
import type { Flag, Item, Score } from "../events/delta.ts";
import { explanation, ruleInWords } from "../events/explanation.ts";
import { confidence, reliability } from "../events/reliability.ts";
import { compareRules } from "./view-rows.ts";

/** `outside-window`: too far below the most confident; `less-general`: another in the window covers more people. */
type Verdict = "chosen" | "outside-window" | "less-general";

export interface ExplainedRule {
  readonly rule: readonly Item[];
  readonly freqUnion: number;
  readonly freq: number;
  readonly confidence: number;
  readonly reliability: number;
  readonly verdict: Verdict;
}

export interface PairExplanation {
  readonly user: string;
  readonly entitlement: string;
  readonly state: IdentityRow["state"];
  readonly held: boolean;
  readonly items: readonly Item[];
  /** The chosen rule first, then by confidence. */
  readonly candidates: readonly ExplainedRule[];
  /** As of the tables now. */
  readonly exact: PairAnswer;
  /** As consumers were last told. */
  readonly published: PairAnswer;
  /** Least confidence of a recommendation of this entitlement. */
  readonly recommendThreshold: number;
  readonly words: readonly string[];
}

interface PairAnswer {
  readonly prediction: Score | null;
  readonly recommendation: Score | null;
  readonly flags: readonly Flag[];
}

interface Sources {
  readonly tables: Tables;
  readonly exact: View;
  readonly published: View;
  readonly settings: Settings;
}

/** Throws AppError("input") for a user or an entitlement that nothing ever named. */
export function explainPair(sources: Sources, user: string, entitlement: string): PairExplanation {
  const { tables, exact, published, settings } = sources;
  const identity = tables.identities.find((row) => row.user === user);
  if (!identity) throw unknown("user", user);
  const entitlementRow = tables.entitlements.find((row) => row.entitlement === entitlement);
  if (!entitlementRow) throw unknown("entitlement", entitlement);

  const { numerator, denominator } = policyOf(entitlementRow, settings).recommendThreshold;
  const known = {
    user,
    entitlement,
    state: identity.state,
    held: tables.assignments.some((row) => row.user === user && row.entitlement === entitlement && row.held),
    items: identity.items,
    candidates: judgedRules(exact, identity, entitlement, settings),
    exact: answerOf(exact, user, entitlement),
    published: answerOf(published, user, entitlement),
    recommendThreshold: numerator / denominator,
  };
  return { ...known, words: inWords(known) };
}

function unknown(what: string, value: string): AppError {
  return new AppError(
    "input",
    `no event ever named the ${what} ${JSON.stringify(value)}`,
    "names are compared letter by letter, case included",
  );
}

function answerOf(view: View, user: string, entitlement: string): PairAnswer {
  const isPair = (row: { readonly user: string; readonly entitlement: string }) =>
    row.user === user && row.entitlement === entitlement;
  const scoreIn = (rows: readonly PairScoreRow[]) => rows.find(isPair)?.score ?? null;
  return {
    prediction: scoreIn(view.predictions),
    recommendation: scoreIn(view.recommendations),
    flags: view.flags.find(isPair)?.flags ?? [],
  };
}

function judgedRules(view: View, identity: IdentityRow, entitlement: string, settings: Settings): ExplainedRule[] {
  const items = new Set(identity.items.map(itemKey));
  const rules = view.rules
    .filter((rule) => rule.entitlement === entitlement && rule.rule.every((item) => items.has(itemKey(item))))
    .sort((a, b) => compareRules(a.rule, b.rule));
  const rankOfItem = new Map(identity.items.map((item, rank) => [itemKey(item), rank]));
  const candidates = rules.map(
    ({ rule, freqUnion, freq }, itemset): Candidate & { readonly rule: readonly Item[] } => ({
      rule,
      freqUnion,
      freq,
      itemset,
      members: rule.map((item) => rankOfItem.get(itemKey(item)) ?? 0),
    }),
  );
  const ranked = candidates.toSorted((a, b) => compareConfidence(b, a) || b.freqUnion - a.freqUnion);
  const top = ranked[0];
  const chosen = choose(candidates, settings.confidenceWindow);
  const { numerator, denominator } = settings.confidenceWindow;
  return ranked
    .map((candidate): ExplainedRule => {
      const { rule, freqUnion, freq } = candidate;
      const inWindow =
        top !== undefined && compareConfidence(top, candidate) * denominator <= numerator * top.freq * freq;
      const verdict = candidate.itemset === chosen?.itemset ? "chosen" : inWindow ? "less-general" : "outside-window";
      return {
        rule,
        freqUnion,
        freq,
        confidence: confidence(freqUnion, freq),
        reliability: round(reliability(freqUnion, freq)),
        verdict,
      };
    })
    .sort((a, b) => Number(b.verdict === "chosen") - Number(a.verdict === "chosen"));
}

function itemKey({ attribute, value }: Item): string {
  return `${attribute}\0${value}`;
}

function round(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}

const WHY: Readonly<Record<Verdict, string>> = {
  chosen: "chosen: within the window it covers the most people",
  "less-general": "not chosen: within the window, but another covers more people",
  "outside-window": "not chosen: too far below the most confident",
};

function inWords(explained: Omit<PairExplanation, "words">): string[] {
  const { user, entitlement, state, held, items, candidates, exact, published } = explained;
  const lines = [
    `${user} (${state}) ${held ? "holds" : "does not hold"} ${entitlement}.`,
    `${user} has ${items.length === 0 ? "no attributes" : ruleInWords(items)}.`,
  ];
  for (const { rule, freqUnion, freq, confidence: share, verdict } of candidates) {
    lines.push(
      `  ${freqUnion} of ${freq} people with ${ruleInWords(rule)} have it, ${(share * 100).toFixed(2)} % — ${WHY[verdict]}`,
    );
  }
  if (candidates.length === 0) lines.push("  No rule applies.");
  lines.push(`Exactly now: ${answerInWords(exact, explained)}`);
  lines.push(`As published: ${answerInWords(published, explained)}`);
  return lines;
}

function answerInWords(
  answer: PairAnswer,
  { held, entitlement, recommendThreshold }: Omit<PairExplanation, "words">,
): string {
  const score = answer.prediction ?? answer.recommendation;
  const flags = answer.flags.map((flag) => (flag.flag === "outlier" ? `outlier (${flag.type})` : flag.flag)).join(", ");
  const told =
    score === null
      ? `nothing${held ? "" : `; a recommendation needs ${recommendThreshold * 100} %`}`
      : explanation(score, entitlement);
  const kind = answer.prediction ? "prediction" : answer.recommendation ? "recommendation" : "";
  const band = score?.band ? ` (${score.band})` : "";
  return `${kind === "" ? "" : `${kind}: `}${told}${band}${flags === "" ? "" : `; flags: ${flags}`}.`;
}
