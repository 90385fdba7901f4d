/** `import --mode replace`: what the files do not mention goes; so much that a file must be cut short is refused. */
import type { Fraction } from "../core/settings.ts";
import { AppError } from "../errors.ts";

/** What the files would remove of one kind. */
export interface Removal {
  readonly name: string;
  readonly removed: number;
  /** Rows of the kind before the load. */
  readonly before: number;
}

/** Fewer rows than this are removed whatever their share is. */
const REMOVED_FREELY = 50;

/** Throws AppError("input") that names every kind of which more than the share would go. */
export function refuseLargeRemovals(removals: readonly Removal[], shareMax: Fraction): void {
  const { numerator, denominator } = shareMax;
  const large = removals.filter(
    ({ removed, before }) => removed >= REMOVED_FREELY && removed * denominator > before * numerator,
  );
  if (large.length === 0) return;
  throw new AppError(
    "input",
    `--mode replace would remove ${removalsText(large)}, more than snapshotRemoveMax (${numerator / denominator}) of them; nothing was imported`,
    "check that the files are whole; where it is meant, add --release-removals, or --set snapshotRemoveMax=…",
  );
}

/** "2 of 40 identities, 1 of 7 assignments" */
export function removalsText(removals: readonly Removal[]): string {
  return removals.map(({ name, removed, before }) => `${removed} of ${before} ${name}`).join(", ");
}
