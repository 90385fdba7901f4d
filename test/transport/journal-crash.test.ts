/**
 * The journal ends at every one of its effects: the process dies, or the power goes and only what was synced is left, or
 * something between the two. After the repeat its files are byte for byte those of a run that nothing interrupted.
 * `JOURNAL_CRASH_STRIDE=1` tries every pair of crashes instead of a sample.
 */
import { afterAll, expect, test } from "vitest";
import type { Journal } from "../../src/transport/journal.ts";
import type { JournalFault } from "../../src/transport/journal-file.ts";
import type { AppendRecord, OutputRecord } from "../../src/transport/transport.ts";
import { crashAt, DurableImage, JournalFolder } from "../support/journal-folder.ts";
import { SimulatedCrash } from "../support/memory-transport.ts";

const PAIR_STRIDE = Number(process.env["JOURNAL_CRASH_STRIDE"] ?? 23);
const SECOND_CRASH_WITHIN = 20;
const STEPS = 3;

type Ending = "process dies" | "power cut" | "power cut with some writes on the disk";

const appended = (source: number): AppendRecord[] =>
  [0, 1, 2].map((n) => ({
    topic: "in",
    key: `key ${n}`,
    value: Buffer.from(`{"source":${source},"n":${n}}`),
    headers: {},
  }));

function published(step: number): OutputRecord[] {
  return [0, 0, 1].map((partition, n) => ({
    topic: "out",
    partition,
    key: Buffer.from(`key ${n}`),
    value: Buffer.from(JSON.stringify({ step, n, pad: "x".repeat((step * 37) % 50) })),
    headers: {},
  }));
}

/** What a worker was told, and relies on after any crash: a step is marked as published, a file to append is deleted. */
class Promised {
  step = 0;
  source = 0;
}

/** What a worker does, from wherever the progress says. */
async function run(journal: Journal, promised: Promised): Promise<void> {
  await journal.open();
  await journal.fence();
  const progress = await journal.readProgress();
  const done = progress === null ? 0 : Number(Buffer.from(progress).toString());
  expect(done).toBeGreaterThanOrEqual(promised.step);
  promised.step = done;
  for (let step = 1; step <= STEPS; step++) {
    if (step > promised.source) await journal.append(`source ${step}`, appended(step));
    promised.source = Math.max(promised.source, step);
    if (step <= done) continue;
    const batch = { records: published(step), progress: Buffer.from(String(step)), positions: new Map() };
    expect(await journal.publish(batch)).toBe("committed");
    promised.step = step;
  }
}

async function runInto(folder: JournalFolder, promised: Promised, fault?: JournalFault): Promise<"ended" | "crashed"> {
  const options = { now: () => 1, inputTopics: { in: 1 }, outputTopics: { out: 2 } };
  try {
    await run(folder.journal(fault === undefined ? options : { ...options, fault }), promised);
    return "ended";
  } catch (error) {
    if (!(error instanceof SimulatedCrash)) throw error;
    return "crashed";
  } finally {
    await folder.closeAll();
  }
}

/** Runs until the crash at the given point, and leaves in the folder what this way of ending leaves. */
async function runUntil(folder: JournalFolder, image: DurableImage, promised: Promised, at: number, ending: Ending) {
  const crash = crashAt((_, count) => count === at);
  const outcome = await runInto(folder, promised, async (point) => {
    image.watch(point);
    await crash(point);
  });
  if (outcome === "ended" || ending === "process dies") return outcome;
  const left = ending === "power cut" ? image.contents : mixed(image.contents, folder.contents(), at);
  folder.restore(left);
  return outcome;
}

/** Of each file either what was synced or what was written last. */
function mixed(durable: ReadonlyMap<string, string>, written: ReadonlyMap<string, string>, seed: number) {
  const names = [...new Set([...durable.keys(), ...written.keys()])];
  const chosen = names.map((name, i) => [name, ((seed * 31 + i * 17) % 5 < 2 ? durable : written).get(name)] as const);
  return new Map(chosen.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}

async function inFolder<T>(body: (folder: JournalFolder) => Promise<T>): Promise<T> {
  const folder = new JournalFolder();
  try {
    return await body(folder);
  } finally {
    await folder.dispose();
  }
}

const undisturbed = inFolder(async (folder) => {
  let points = 0;
  await runInto(folder, new Promised(), () => void points++);
  return { points, contents: folder.contents() };
});

let tried = 0;
afterAll(() => console.log(`journal: ${tried} crashes and pairs of crashes tried`));

test.each<Ending>(["process dies", "power cut", "power cut with some writes on the disk"])(
  "one crash at any effect: %s",
  async (ending) => {
    const { points, contents } = await undisturbed;
    expect(points).toBeGreaterThan(90);
    for (let at = 0; at < points; at++) {
      await inFolder(async (folder) => {
        const promised = new Promised();
        expect(await runUntil(folder, new DurableImage(folder), promised, at, ending)).toBe("crashed");
        expect(await runInto(folder, promised)).toBe("ended");
        expect(folder.contents(), `crash at effect ${at}`).toEqual(contents);
      });
      tried++;
    }
  },
  120_000,
);

test("a second crash while recovering from the first", async () => {
  const { points, contents } = await undisturbed;
  const pairs = points * SECOND_CRASH_WITHIN;
  for (let pair = 0; pair < pairs; pair += PAIR_STRIDE) {
    const [first, second] = [Math.floor(pair / SECOND_CRASH_WITHIN), pair % SECOND_CRASH_WITHIN];
    await inFolder(async (folder) => {
      const promised = new Promised();
      const image = new DurableImage(folder);
      await runUntil(folder, image, promised, first, "process dies");
      await runUntil(folder, image, promised, second, "power cut");
      await runInto(folder, promised);
      expect(folder.contents(), `crashes at effects ${first} and ${second}`).toEqual(contents);
    });
    tried++;
  }
}, 300_000);

test.each([
  ["sync out-0.ndjson", /AppError|AssertionError/],
  ["sync in-0.ndjson", /AppError|AssertionError/],
  ["sync progress-0.ndjson", /AssertionError/],
  ["sync appended.ndjson", /AssertionError/],
  ["sync folder", /AssertionError/],
])("canary: a journal without `%s` is found out by a power cut", async (lost, error) => {
  const { points, contents } = await undisturbed;
  const outcomes: string[] = [];
  for (let at = points - 1; at >= 0 && outcomes.length === 0; at--) {
    await inFolder(async (folder) => {
      const promised = new Promised();
      await runUntil(folder, new DurableImage(folder, lost), promised, at, "power cut");
      try {
        await runInto(folder, promised);
        expect(folder.contents()).toEqual(contents);
      } catch (failure) {
        outcomes.push((failure as Error).name);
      }
    });
  }
  expect(outcomes).toEqual([expect.stringMatching(error)]);
});
