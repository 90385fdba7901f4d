/** Long work that is done piece by piece: whenever it yields it may rest, for as long as it likes. */
export type Slices<Result> = Generator<undefined, Result, undefined>;

/** So many memberships, pairs or the like, one looked at after the other, take some milliseconds. */
export const SLICE = 50_000;

/** So many people, with all their items, do. */
export const PEOPLE_A_SLICE = 4_096;

export function atOnce<Result>(slices: Slices<Result>): Result {
  for (;;) {
    const { done, value } = slices.next();
    if (done === true) return value;
  }
}
