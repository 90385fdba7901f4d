import { combinations } from "../core/combinations.ts";

/**
 * How much memory a company will take, from its size alone: made to be told before a machine begins to swap.
 * Fitted to the resident memory of made-up companies of 1,000 to 100,000 people (8 to 12 attributes, rule lengths 2 and
 * 3); on these it lies between the truth and half above it. Companies with little in common take less, and so do
 * those whose attribute values imply one another (core/implications.ts).
 */
export interface CompanySize {
  readonly people: number;
  readonly assignments: number;
  /** Attribute values that an identity has on average. */
  readonly itemsPerPerson: number;
  readonly maxRuleLength: number;
}

/** Node, the code, caches and queues. */
const PROCESS_BYTES = 180 * 2 ** 20;
const BYTES_PER_PERSON = 400;
/** The row, what was published of it, and the recommendations that come with it. */
const BYTES_PER_ASSIGNMENT = 60;
/** Membership, in both directions. */
const BYTES_PER_PERSON_AND_ITEMSET = 10;
/** Rules: the more people, the more of them share a rule. */
const BYTES_PER_ASSIGNMENT_AND_ITEMSET = 7.2;
const FITTED_ASSIGNMENTS = 100_000;
const SHARING = -0.1;

/** Resident bytes of the worker, growth of its tables included. */
export function estimateBytes({ people, assignments, itemsPerPerson, maxRuleLength }: CompanySize): number {
  const itemsets = combinations(itemsPerPerson, maxRuleLength);
  const shared = Math.max(1, assignments / FITTED_ASSIGNMENTS) ** SHARING;
  return Math.round(
    PROCESS_BYTES +
      people * (BYTES_PER_PERSON + itemsets * BYTES_PER_PERSON_AND_ITEMSET) +
      assignments * (BYTES_PER_ASSIGNMENT + itemsets * BYTES_PER_ASSIGNMENT_AND_ITEMSET * shared),
  );
}
