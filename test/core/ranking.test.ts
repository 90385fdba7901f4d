/** Choosing among ranked rules against choosing rule by rule: every field of every pair, and what it notes at rules. */
import { expect, test } from "vitest";
import { Changes } from "../../src/core/changes.ts";
import { Choice } from "../../src/core/choice.ts";
import { Company } from "../../src/core/company.ts";
import { Live } from "../../src/core/live.ts";
import { Memory } from "../../src/core/memory.ts";
import { PUBLISHED_FREQ, PUBLISHED_UNION } from "../../src/core/rule-tables.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../src/core/settings.ts";
import { atOnce } from "../../src/core/slices.ts";
import { makeCompany } from "../../src/demo/company.ts";
import { foundingEvents } from "../../src/demo/company-events.ts";

/** Of equal confidences either may be called the best: `best` is their value. */
interface Answer extends Pick<Choice, "itemset" | "freqUnion" | "freq" | "secure"> {
  readonly scored: boolean;
  readonly best: number;
}

const isTold = (user: number): boolean => user % 3 === 0;

const NOW_MS = Date.UTC(2026, 0, 1);

test.each([
  ["a window", 5],
  ["no window", 0],
  ["a window as wide as all", 100],
])("ranked rules give the same choices, with %s", (_, hundredths) => {
  const settings: Settings = { ...DEFAULT_SETTINGS, confidenceWindow: { numerator: hundredths, denominator: 100 } };
  const company = new Company(settings);
  const changes = new Changes();
  for (const event of foundingEvents(makeCompany({ people: 400, seed: 1, attributes: 8 }), NOW_MS)) {
    company.apply(event, NOW_MS, changes);
  }
  const live = new Live(company, settings, changes);
  const memory = new Memory(company, changes);
  atOnce(memory.attach(live, atOnce(memory.plant(settings.maxRuleLength, null)), null));
  const { counters } = live;
  const choice = new Choice(counters, settings);
  const answersOf = (entitlement: number): Answer[] => {
    const answers: Answer[] = [];
    for (let user = 0; user < company.identities.size; user++) {
      const scored = choice.forUser(user, entitlement, "published");
      if (scored && isTold(user)) choice.noteTold(entitlement);
      const { itemset, freqUnion, freq, bestUnion, bestFreq, secure } = choice;
      answers.push({ scored, itemset, freqUnion, freq, secure, best: bestUnion / bestFreq });
    }
    return answers;
  };
  const notesOf = (entitlement: number, answers: readonly Answer[]): object => {
    const table = counters.table(entitlement);
    const offsets = [...table.itemsets()].map((itemset) => table.find(itemset));
    const leading = offsets.filter((offset) => table.leadsAt(offset));
    return {
      floors: offsets.map((offset) => table.floorAt(offset)),
      confidences: new Set(leading.map((at) => table.slots[at + PUBLISHED_UNION]! / table.slots[at + PUBLISHED_FREQ]!)),
      choices: answers.map(({ scored, itemset }, user) => scored && isTold(user) && table.leadsAt(table.find(itemset))),
    };
  };
  const clearNotes = (entitlement: number): void => {
    const table = counters.table(entitlement);
    for (const itemset of table.itemsets()) {
      table.setFloor(table.find(itemset), 255);
      table.setLeads(table.find(itemset), false);
    }
  };
  let insecure = 0;
  for (let entitlement = 0; entitlement < company.catalog.size; entitlement++) {
    clearNotes(entitlement);
    const oneByOne = answersOf(entitlement);
    const notes = notesOf(entitlement, oneByOne);
    clearNotes(entitlement);
    choice.expect(entitlement, Infinity, Infinity, null);
    expect(answersOf(entitlement)).toEqual(oneByOne);
    choice.done();
    expect(notesOf(entitlement, oneByOne)).toEqual(notes);
    insecure += oneByOne.filter(({ scored, secure }) => scored && !secure).length;
  }
  if (hundredths === 5) expect(insecure).toBeGreaterThan(100);
});
