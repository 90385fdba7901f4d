/** Counts how often the engine re-scores a pair. It keeps no such counter itself, so the one method is wrapped meanwhile. */
import { Target } from "../src/core/target.ts";

/** Pairs looked at while `work` runs, which is a little slower for it: not to be timed. */
export function countLooks(work: () => void): number {
  const compute: Target["compute"] = Reflect.get(Target.prototype, "compute");
  let looks = 0;
  Target.prototype.compute = function (...pair: Parameters<typeof compute>): void {
    looks += 1;
    compute.apply(this, pair);
  };
  try {
    work();
  } finally {
    Target.prototype.compute = compute;
  }
  return looks;
}
