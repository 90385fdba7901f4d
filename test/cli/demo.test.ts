import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CliFolder } from "./corollary.ts";

const cli = new CliFolder();
afterAll(() => cli.remove());

const SMALL = ["--people", "150", "--data", "small"];

test("the company is founded once, and every start goes on where the last one ended", async () => {
  const first = await cli.run(["demo", "--events", "60", ...SMALL]);
  expect(first.err).toMatch(/Importing: \d+ rows/);
  expect(first.code).toBe(0);
  expect(first.out).toContain("A company of 150 people");
  expect(first.out).toMatch(/^= 60 events in/m);
  expect(first.out).toContain(`The data is in ${join(cli.path, "small")}; the next start goes on from there.`);

  const second = await cli.json<{ events: number }>(["demo", "--events", "40", ...SMALL]);
  expect(second).toMatchObject({ events: 40 });
  expect(JSON.parse(readFileSync(join(cli.path, "small", "demo.json"), "utf8"))).toMatchObject({
    founded: true,
    events: 100,
  });
  expect((await cli.run(["verify", "--data", "small"])).code).toBe(0);
  const status = await cli.json<{ inputs: { rejected: number } }>(["status", "--data", "small"]);
  expect(status.inputs.rejected).toBe(0);
});

test("another company is refused in the same folder", async () => {
  await cli.run(["demo", "--events", "0", ...SMALL]);
  const { code, err } = await cli.run(["demo", "--people", "160", "--data", "small"]);
  expect(err).toContain("holds another company (150 people, seed 1)");
  expect(code).toBe(2);
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends it cleanly", async (signal) => {
  const data = ["--people", "150", "--data", `stopped-${signal}`];
  const { code, out } = await cli.spawn(["demo", "--rate", "50", ...data], {
    when: { said: /^ {2}[+-] /m, act: (child) => child.kill(signal) },
  });
  expect(code).toBe(0);
  expect(out).toContain("the next start goes on from there");
  expect((await cli.run(["demo", "--events", "10", ...data])).code).toBe(0);
  expect((await cli.run(["verify", ...data.slice(2)])).code).toBe(0);
});

test("killed while the company is imported, the next start completes it", async () => {
  const data = ["--people", "400", "--data", "killed"];
  const killed = await cli.spawn(["demo", ...data], {
    when: { said: /A company of/, act: (child) => setTimeout(() => child.kill("SIGKILL"), 100) },
  });
  expect(killed.code).toBe(null);
  expect(existsSync(join(cli.path, "killed", "demo.json"))).toBe(true);
  expect((await cli.run(["demo", "--events", "20", ...data])).code).toBe(0);
  const { inputs } = await cli.json<{ inputs: Record<string, number> }>(["status", "--data", "killed"]);
  expect(inputs).toMatchObject({ late: 0, rejected: 0, unchanged: expect.any(Number) as number });
  expect((await cli.run(["verify", "--data", "killed"])).code).toBe(0);
});

test("killed between the log and the note of it, the next start submits the same events once more", async () => {
  const data = ["--people", "150", "--data", "noted"];
  await cli.run(["demo", "--events", "100", ...data]);
  const note = join(cli.path, "noted", "demo.json");
  const noted = JSON.parse(readFileSync(note, "utf8")) as object;
  writeFileSync(note, JSON.stringify({ ...noted, events: 0, submitting: 100 }));
  await cli.run(["demo", "--events", "10", ...data]);
  expect(JSON.parse(readFileSync(note, "utf8"))).toMatchObject({ events: 110, submitting: 0 });

  const straight = ["--people", "150", "--data", "straight"];
  await cli.run(["demo", "--events", "110", ...straight]);
  const [once, twice] = await Promise.all(["straight", "noted"].map(predictionsOf));
  expect(once!.length).toBeGreaterThan(0);
  expect(twice).toEqual(once);
});

async function predictionsOf(data: string): Promise<string> {
  const out = `${data}-view`;
  await cli.run(["export", "--out", out, "--data", data]);
  return readFileSync(join(cli.path, out, "predictions.ndjson"), "utf8");
}

test("the example wants an empty folder", async () => {
  await cli.run(["demo", "--events", "0", ...SMALL]);
  const { code, err } = await cli.run(["demo", "--example", "--data", "small"]);
  expect(err).toContain("is not empty");
  expect(code).toBe(2);
});
