/** Published pairs as rows and as columns. */
import type { PublishedChunk, PublishedRow } from "../../src/core/rows.ts";

export function publishedChunk(rows: readonly PublishedRow[]): PublishedChunk {
  const rules = [...new Set(rows.map(([, , , rule]) => rule))];
  return {
    entitlements: Uint32Array.from(rows, ([entitlement]) => entitlement),
    users: Uint32Array.from(rows, ([, user]) => user),
    kinds: Uint8Array.from(rows, ([, , kind]) => kind),
    ruleAt: Uint32Array.from(rows, ([, , , rule]) => rules.indexOf(rule)),
    rules,
    freqUnions: Uint32Array.from(rows, ([, , , , freqUnion]) => freqUnion),
    freqs: Uint32Array.from(rows, ([, , , , , freq]) => freq),
    bands: Uint8Array.from(rows, ([, , , , , , band]) => band),
    reasons: Uint8Array.from(rows, ([, , , , , , , reason]) => reason),
    flags: Uint16Array.from(rows, ([, , , , , , , , flags]) => flags),
  };
}

export function publishedRowsOf(chunk: PublishedChunk): PublishedRow[] {
  const { entitlements, users, kinds, ruleAt, rules, freqUnions, freqs, bands, reasons, flags } = chunk;
  return Array.from(users, (user, i) => [
    entitlements[i]!,
    user,
    kinds[i]!,
    rules[ruleAt[i]!]!,
    freqUnions[i]!,
    freqs[i]!,
    bands[i]!,
    reasons[i]!,
    flags[i]!,
  ]);
}
