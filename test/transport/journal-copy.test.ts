import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Journal } from "../../src/transport/journal.ts";
import { copyJournal } from "../../src/transport/journal-copy.ts";
import { JournalFolder } from "../support/journal-folder.ts";

let world: JournalFolder;
beforeEach(() => {
  world = new JournalFolder();
});
afterEach(() => world.dispose());

const NOWHERE = new Map();
const STEPS = 60;
const COPIES = 8;

test("every copy that is made while the owner writes opens as one moment of it", async () => {
  const journal = world.journal();
  await journal.open();
  await journal.fence();
  const writing = (async () => {
    for (let step = 1; step <= STEPS; step++) {
      const value = Buffer.from(`input ${step}`.padEnd(3_000));
      await journal.append(`source ${step}`, [{ topic: "in", key: `key ${step}`, value, headers: {} }]);
      const record = { topic: "out", partition: step % 3, key: null, value, headers: {} };
      await journal.publish({ records: [record, record], progress: Buffer.from(String(step)), positions: NOWHERE });
    }
  })();
  const seen: number[] = [];
  for (let copy = 0; copy < COPIES; copy++) {
    const target = join(world.root, `copy ${copy}`);
    await copyJournal(world.folder, target);
    seen.push(await stepsIn(target));
  }
  await writing;
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBeLessThanOrEqual(STEPS);
});

/** The last step of a copy, whose records and inputs must all be there. */
async function stepsIn(folder: string): Promise<number> {
  const copy = new Journal({
    folder,
    engine: "engine",
    inputTopics: { in: 2, second: 1 },
    outputTopics: { out: 3, other: 1 },
    progressTopic: "progress",
    recordBytesMax: 1_000_000,
  });
  await copy.open();
  try {
    await copy.fence();
    const steps = Number(Buffer.from((await copy.readProgress()) ?? Buffer.from("0")).toString());
    let records = 0;
    for await (const { value } of copy.readOutput("out")) records += value?.length === 3_000 ? 1 : 0;
    expect(records).toBe(2 * steps);
    const inputs = (await copy.inputWatermarks()).reduce((sum, { high }) => sum + high, 0);
    expect(inputs).toBeGreaterThanOrEqual(steps);
    return steps;
  } finally {
    await copy.close();
  }
}

test("a journal that lost a file is not copied", async () => {
  const journal = world.journal();
  await journal.open();
  await journal.close();
  world.remove("in-1.ndjson");
  await expect(copyJournal(world.folder, join(world.root, "copy"))).rejects.toMatchObject({
    code: "transport",
    message: expect.stringContaining("a file of it is missing"),
  });
});
