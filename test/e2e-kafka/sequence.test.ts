/** The judge of all runs on Kafka, before cases that it must not let pass. */
import { expect, test } from "vitest";
import { Sequence } from "./sequence.ts";

/** Two steps of two records each, over two partitions. */
const PROGRESS = [
  { engine: "a.b", epoch: 1, step: 1, records: 2 },
  { engine: "a.b", epoch: 2, step: 2, records: 2 },
];
const PLACES = [
  [0, "a.b.1.1.0"],
  [1, "a.b.1.1.1"],
  [1, "a.b.2.2.0"],
  [0, "a.b.2.2.1"],
] as const;

function judge(progress: readonly object[], places: readonly (readonly [partition: number, cor: string])[]) {
  const sequence = new Sequence();
  const record = { topic: "predictions", partition: 0, offset: 0, headers: {}, key: null, value: null };
  for (const step of progress) sequence.takeProgress({ ...record, value: Buffer.from(JSON.stringify(step)) });
  places.forEach(([partition, cor], offset) => sequence.take({ ...record, partition, offset, headers: { cor } }));
  return sequence.findings();
}

const [first, second] = PROGRESS as [object, object];
const [a, b, c, d] = PLACES;

test("whole steps in order have no faults", () => {
  const whole = { steps: 2, records: 4, epochs: 2, lost: 0, repeated: 0, problems: [] };
  expect(judge(PROGRESS, PLACES)).toEqual(whole);
});

test.each([
  ["a record is missing", PROGRESS, [a, b, c], { lost: 1, repeated: 0 }],
  ["a step is missing", [first, { ...second, step: 3 }], [a, b], { lost: 3, repeated: 0 }],
  ["a record is repeated", PROGRESS, [a, b, c, d, d], { lost: 0, repeated: 1 }],
  ["a step is repeated", [first, first, second], PLACES, { lost: 2, repeated: 1 }],
  ["records come in the wrong order", PROGRESS, [a, c, b, d], { lost: 0, repeated: 0 }],
  ["a step has more than it says", PROGRESS, [...PLACES, [0, "a.b.2.2.2"] as const], { lost: 0, repeated: 0 }],
  ["a step has records and no progress", [first], PLACES, { lost: 0, repeated: 0 }],
  ["a record is of another epoch", PROGRESS, [a, b, c, [0, "a.b.1.2.1"] as const], { lost: 0, repeated: 0 }],
  ["a record has no place", PROGRESS, [...PLACES, [0, ""] as const], { lost: 0, repeated: 0 }],
])("%s", (_, progress, places, counts) => {
  const findings = judge(progress, places);
  expect(findings).toMatchObject(counts);
  expect(findings.problems).not.toEqual([]);
});
