import type { Family } from "./property-runs.ts";

export interface Canary {
  /** What the bug does. */
  readonly name: string;
  /** In src/core. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The runs that must catch it. */
  readonly family: Family;
}

export const CANARIES: readonly Canary[] = [
  {
    name: "the window excludes its edge",
    file: "choice.ts",
    find: "unions[i]! * scale < bound * freqs[i]!",
    replace: "unions[i]! * scale <= bound * freqs[i]! && unions[i]! * bestFreq < bestUnion * freqs[i]!",
    family: "exact",
  },
  {
    name: "a tie goes to the lower confidence",
    file: "choice.ts",
    find: "this.#freqs[i]! < this.#freqs[j]!",
    replace: "this.#freqs[i]! > this.#freqs[j]!",
    family: "exact",
  },
  {
    name: "items are ordered by UTF-16 units",
    file: "text-order.ts",
    find: "return codePointRank(x) - codePointRank(y);",
    replace: "return x - y;",
    family: "exact",
  },
  {
    name: "a mover is still counted in the old groups",
    file: "settle.ts",
    find: "if (taught && change !== null) this.#count(row, change.removed, -1);",
    replace: "",
    family: "exact",
  },
  {
    name: "an itemset begins to track its children one member late",
    file: "itemsets.ts",
    find: "if (this.members.count(node) < this.#supportFloor) return;",
    replace: "if (this.members.count(node) <= this.#supportFloor) return;",
    family: "exact",
  },
  {
    name: "grants from excluded sources teach",
    file: "policy.ts",
    find: "return source === null || !this.#settings.learningExclude.sources.includes(source);",
    replace: "return true;",
    family: "exact",
  },
  {
    name: "with equal stamps the earlier arrival wins",
    file: "registers.ts",
    find: "moment.at >= register",
    replace: "moment.at > register",
    family: "exact",
  },
  {
    name: "a rule that opened the window is overlooked",
    file: "concern.ts",
    find: "return wasBest && (higher < 0 || this.#unionNow === 0);",
    replace: "return false;",
    family: "exact",
  },
  {
    name: "a choice counts as secure although a more general rule is near",
    file: "choice.ts",
    find: "if (i !== chosen && this.#beats(i, chosen)) return false;",
    replace: "",
    family: "exact",
  },
  {
    name: "a secure choice is thought to stand whatever rises above it",
    file: "concern.ts",
    find: "if (this.#unionNow * scale > (union * denominator + numerator * freq) * this.#freqNow) return true;",
    replace: "",
    family: "exact",
  },
  {
    name: "a rule that recommends, uncovered by one that fell, is overlooked",
    file: "concern.ts",
    find: "return rise < 0 || this.#unionNow < unionBefore;",
    replace: "return false;",
    family: "exact",
  },
  {
    name: "a rule that rises into the window of an insecure choice is overlooked",
    file: "concern.ts",
    find: "this.#movesBest(row) || this.#comesBefore(row)",
    replace: "this.#movesBest(row)",
    family: "exact",
  },
  {
    name: "the floor of a rule does not know of a new choice",
    file: "rule-tables.ts",
    find: "if (this.floorAt(offsets[i]!) > floor) this.setFloor(offsets[i]!, floor);",
    replace: "continue;",
    family: "exact",
  },
  {
    name: "a ripple is forgotten when the budget ends",
    file: "ripple.ts",
    find: "if (waiting.next < waiting.users.length) break;",
    replace: "",
    family: "exact",
  },
  {
    name: "a pair looked at before the changes of its rules were followed is not looked at again",
    file: "ripple.ts",
    find: "if (waiting.changes.length > 0) addUsers(waiting, Int32Array.from(new Set(waiting.looked)).sort());",
    replace: "",
    family: "exact",
  },
  {
    name: "of a rule that changed twice before it was followed only the last change counts",
    file: "ripple.ts",
    find: "change.later = known.later;",
    replace: "first.set(change.itemset, change);",
    family: "exact",
  },
  {
    name: "what a rule was between two changes is forgotten",
    file: "ripple.ts",
    find: "known.later = change;",
    replace: "",
    family: "exact",
  },
  {
    name: "a group that reaches support leaves the reasons of its members",
    file: "live.ts",
    find: "    this.#markSupportCrossings();\n",
    replace: "",
    family: "exact",
  },
  {
    name: "a mover's new recommendations wait for the ripple",
    file: "live.ts",
    find: "for (const entitlement of this.#recommendable(user)) name(user, entitlement, cause);",
    replace: "",
    family: "exact",
  },
  {
    name: "nobody looks when access expires",
    file: "target.ts",
    find: "later(pairs.extraOf(row).expiresAt ?? Infinity, nowMs),",
    replace: "",
    family: "exact",
  },
  {
    name: "a delta does not say what was published before",
    file: "published.ts",
    find: "const previous = before === target.kind ? this.scoreOf(row) : null;",
    replace: "const previous = null;",
    family: "exact",
  },
  {
    name: "a restart forgets when a person moved",
    file: "identities.ts",
    find: "c: previous === undefined ? undefined : this.itemsChangedAt[user]!",
    replace: "c: previous === undefined ? undefined : 0",
    family: "exact",
  },
  {
    name: "a difference of exactly the materiality is not told",
    file: "materiality.ts",
    find: "difference * denominator >= numerator * freq * toldFreq",
    replace: "difference * denominator > numerator * freq * toldFreq",
    family: "material",
  },
  {
    name: "the quiet range is one too wide",
    file: "materiality.ts",
    find: "Math.ceil(scaled / below) - 1",
    replace: "Math.ceil(scaled / below)",
    family: "material",
  },
  {
    name: "evidence on the other side of the threshold is kept",
    file: "materiality.ts",
    find: "if (reaches(freqUnion, freq, threshold) !== reaches(toldUnion, toldFreq, threshold)) return true;",
    replace: "",
    family: "material",
  },
  {
    name: "of ranked rules that are equally general the less confident one is chosen",
    file: "ranking.ts",
    find: "return rank < other;",
    replace: "return rank > other;",
    family: "exact",
  },
  {
    name: "the window among ranked rules excludes its edge",
    file: "ranking.ts",
    find: "unions[last + 1]! * scale >= bound * freqs[last + 1]!",
    replace: "unions[last + 1]! * scale > bound * freqs[last + 1]! || last < rank",
    family: "exact",
  },
  {
    name: "floors that looks found while rules were ranked are not kept",
    file: "choice.ts",
    find: "if (this.#isRanked) this.#ranking.keepFloors();",
    replace: "",
    family: "exact",
  },
  {
    name: "an item implies what the first who has it has",
    file: "implications.ts",
    find: "others.every((other) => own.includes(other))",
    replace: "others.length > 0",
    family: "exact",
  },
  {
    name: "an implication never ends",
    file: "settle.ts",
    find: "itemsets.contradict(items)",
    replace: "itemsets.contradict([])",
    family: "exact",
  },
  {
    name: "an itemset that is no longer redundant begins without rules",
    file: "settle.ts",
    find: "this.#counters.repeatRules(node, stoodIn)",
    replace: "this.#counters.repeatRules(node, -1)",
    family: "exact",
  },
  {
    name: "an itemset that is no longer redundant recommends nothing",
    file: "counters.ts",
    find: "if (other !== -1) this.strongOf.assign(itemset, this.strongOf.toArray(other));",
    replace: "",
    family: "exact",
  },
  {
    name: "after a restart implications begin where evidence drifted",
    file: "memory.ts",
    find: "!drifted.has(item) ||",
    replace: "drifted.size >= 0 ||",
    family: "material",
  },
];
