/**
 * The order of the test files where no earlier run has left their durations: a long one that begins last keeps one core
 * waiting at the end.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The longest ones, in this order; all others follow as Vitest has them. Of the first three one needs no Kafka: it has
 * something to do while the jars are fetched.
 */
const LONGEST = [
  "e2e-kafka/rebuild",
  "crash/enumeration",
  "e2e-kafka/soak",
  "e2e-kafka/rivals",
  "property/materiality.property",
  "property/engine.property",
  "crash/journal",
  "kafka/operator-commands",
  "crash/pairs",
  "e2e/kill",
  "kafka/faults",
  "kafka/harness",
  "cli/program",
  "kafka/worker",
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return place === -1 ? LONGEST.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
