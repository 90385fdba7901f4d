import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { EXIT_CODES } from "../../src/errors.ts";
import { CliFolder } from "./corollary.ts";

const cli = new CliFolder();
afterAll(() => cli.remove());

const COMMANDS =
  "demo import apply run export explain verify reconcile status topics doctor rejects backup restore rebuild reset".split(
    " ",
  );

test("--help names every command and every exit code", async () => {
  const { code, out } = await cli.run(["--help"]);
  expect(code).toBe(0);
  for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  ${command}\\b`, "m"));
  for (const [name, number] of Object.entries(EXIT_CODES)) expect(out).toContain(`${number} ${name}`);
});

test.each(COMMANDS)("%s --help says what it does and shows the global options", async (command) => {
  const { code, out } = await cli.spawn([command, "--help"]);
  expect(code).toBe(0);
  expect(out).toMatch(/Usage: corollary \w+/);
  expect(out).toContain("--data <dir>");
});

describe("bad command lines", () => {
  test.each<[string[], string]>([
    [[], "Usage: corollary"],
    [["staus"], "Did you mean status?"],
    [["status", "--unknown"], "unknown option '--unknown'"],
    [["export"], "required option '--out <dir>'"],
    [["demo", "--events", "many"], "Allowed: a whole number"],
    [["export", "--out", "x", "--format", "xml"], "Allowed choices are ndjson, csv"],
    [["import"], "nothing to import"],
    [["import", "--identities", "x", "--column", "identities.nme=N"], "--column identities.nme=N is not known"],
    [["topics"], "transport is journal, which needs no topics"],
  ])("%j", async (args, message) => {
    const { code, err } = await cli.run(args);
    expect(err).toContain(message);
    expect(code).toBe(EXIT_CODES.usage);
  });
});

describe("bad configuration is told in one message, before anything starts", () => {
  test.each<[string[], Record<string, string>, string]>([
    [["--set", "minSupport=0"], {}, "minSupport (--set minSupport=0) is 0; allowed: a whole number from 1 to 10000"],
    [["--set", "minSuport=3"], {}, "did you mean minSupport?"],
    [["--config", "nowhere.yaml"], {}, "cannot read the configuration file"],
    [["--config", "bad.yaml"], {}, "materiality"],
    [[], { COROLLARY_FORMAT: "xml" }, 'format (COROLLARY_FORMAT) is "xml"; allowed: json, avro'],
  ])("%j %j", async (args, env, message) => {
    writeFileSync(join(cli.path, "bad.yaml"), "materiality: lots\n");
    const { code, out, err } = await cli.run(["run", ...args], { env });
    expect(err).toContain(message);
    expect(err).not.toContain("    at ");
    expect(out).toBe("");
    expect(code).toBe(EXIT_CODES.config);
  });
});

test.each<[string[]]>([[["--help"]], [["staus"]], [["status", "--json"]]])(
  "a process answers as the program in it does: %j",
  async (args) => expect(await cli.spawn(args)).toEqual(await cli.run(args)),
);

test("errors have a hint, are JSON with --json, and have a stack only with --debug", async () => {
  const plain = await cli.run(["status"]);
  expect(plain.code).toBe(EXIT_CODES.state);
  expect(plain.err).toMatch(/^corollary: there is no .*state\.db\n {2}\S/);
  const json = await cli.run(["status", "--json"]);
  expect(JSON.parse(json.err)).toMatchObject({
    error: { code: "state", hint: expect.stringContaining("--data") as string },
  });
  expect((await cli.run(["status", "--debug"])).err).toContain("    at ");
});
