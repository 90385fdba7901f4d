import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type ConfigSources, DEFAULTS, loadConfig, settingsDigest, settingsOf } from "../src/config.ts";
import { DEFAULT_SETTINGS } from "../src/core/settings.ts";
import { AppError } from "../src/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "corollary-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function withFile(yaml: string, sources: ConfigSources = {}): ConfigSources {
  writeFileSync(join(folder, "corollary.yaml"), yaml);
  return { cwd: folder, file: "corollary.yaml", ...sources };
}

function refusal(sources: ConfigSources): string {
  try {
    loadConfig(sources);
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe("config");
    return (error as AppError).message;
  }
  throw new Error("was accepted");
}

test("the defaults are the core's", () => {
  const settings = settingsOf(loadConfig({ cwd: folder }));
  expect(settingsDigest(settings)).toBe(settingsDigest(DEFAULT_SETTINGS));
  expect({ ...settings, recommendThreshold: null, materialitySupport: null }).toEqual({
    ...DEFAULT_SETTINGS,
    recommendThreshold: null,
    materialitySupport: null,
  });
});

test("flags win over the environment, which wins over the file, which wins over the defaults", () => {
  const yaml = "minSupport: 4\nmaxRuleLength: 2\nstep:\n  recordsMax: 10\nbands:\n  high: 0.9\n";
  const env = { COROLLARY_MIN_SUPPORT: "5", COROLLARY_STEP_RECORDS_MAX: "20", OTHER: "x" };
  const config = loadConfig(withFile(yaml, { env, sets: ["minSupport=6"] }));
  expect(config).toMatchObject({
    minSupport: 6,
    maxRuleLength: 2,
    step: { recordsMax: 20, waitMs: 100 },
    bands: { high: { numerator: 9, denominator: 10 }, medium: { numerator: 35, denominator: 100 } },
  });
  expect(Object.isFrozen(config.step)).toBe(true);
  expect(config.data).toBe(join(folder, ".corollary"));
});

test.each([
  ["0.80", 8, 10],
  ["0", 0, 1],
  ["1", 1, 1],
  ["0.05", 5, 100],
  ["0.123456789", 123456789, 1e9],
  ["0.000000001", 1, 1e9],
  ["1e-7", 1, 1e7],
  ["0.3", 3, 10],
])("the decimal %s is exactly %d/%d", (text, numerator, denominator) => {
  const config = loadConfig({ cwd: folder, sets: [`materiality=${text}`] });
  expect(config.materiality).toEqual({ numerator, denominator });
});

test("lists come as YAML or separated by commas, from every source", () => {
  const env = { COROLLARY_KAFKA_BROKERS: "a:9092,b:9093", COROLLARY_FEATURES: "CITY, DEPT" };
  const config = loadConfig(
    withFile("learning:\n  exclude:\n    tags: [x]\n", { env, sets: ["recommend.exclude.kinds=[a, b]"] }),
  );
  expect(config.kafka.brokers).toEqual(["a:9092", "b:9093"]);
  expect(config.features).toEqual(["CITY", "DEPT"]);
  expect(config.recommend.exclude.kinds).toEqual(["a", "b"]);
  expect(config.learning.exclude).toMatchObject({ tags: ["x"], sources: ["exception", "break-glass", "security"] });
});

test("overrides are completed, and a name made of digits stays text", () => {
  const config = loadConfig(
    withFile("overrides:\n  - {entitlement: Payroll, recommendThreshold: 0.95}\n", { sets: ["engine=7"] }),
  );
  expect(config.engine).toBe("7");
  expect(settingsOf(config).overrides).toEqual([
    {
      application: null,
      entitlement: "Payroll",
      minSupport: null,
      recommendThreshold: { numerator: 95, denominator: 100 },
      excludeLearning: null,
      excludeRecommend: null,
    },
  ]);
});

test("the digest looks at the meaning only", () => {
  const digest = (...sets: string[]) => settingsDigest(settingsOf(loadConfig({ cwd: folder, sets })));
  expect(digest("features=[A, B]")).toBe(digest("features=[B, A]"));
  expect(digest("materiality=0.010")).toBe(digest());
  expect(digest("log.level=debug", "step.waitMs=1")).toBe(digest());
  const different = [
    "features=[A]",
    "minSupport=4",
    "materiality=0",
    "recommend.birthrightAbove=0.5",
    "unusedAfterDays=1",
  ];
  expect(new Set([digest(), ...different.map((set) => digest(set))]).size).toBe(different.length + 1);
});

describe("one message names key, value, origin and what is allowed", () => {
  test.each<[string, string]>([
    ["minSupport=0", "minSupport (--set minSupport=0) is 0; allowed: a whole number from 1 to 10000"],
    ["minSupport=2.5", "is 2.5; allowed: a whole number from 1 to 10000"],
    ["minSupport=many", 'is "many"; allowed: a whole number'],
    ["minSupport=.nan", "minSupport"],
    ["maxRuleLength=5", "allowed: a whole number from 1 to 4"],
    ["materiality=-0.1", "allowed: a number from 0 to 1 with at most 9 decimals"],
    ["materiality=0.0000000001", "with at most 9 decimals"],
    ["bands.high=2", "bands.high"],
    ["bands.high=0.1", "bands (default) is"],
    ["transport=rabbit", 'is "rabbit"; allowed: journal, kafka'],
    ["initialPublish=none", 'is "none"; allowed: full (`none` is not supported yet)'],
    ["features=[1]", "features.0"],
    ["features={}", "allowed: a list of at most 1000 texts"],
    ["kafka.brokers=localhost", "allowed: at least one host:port"],
    ["kafka.saslMechanism=plain", "kafka.saslUsernameEnv is null"],
    ["topics.flags=predictions", "a name that topics.predictions does not have"],
    ["topics.prefix=a b", "allowed: 0 to 200 letters"],
    ["shards.own=5-70", 'allowed: a range within 0-63, such as "0-63"'],
    ["overrides=[{minSupport: 3}]", "an entry that names either an application or an entitlement"],
    ["overrides=[{entitlement: a}, {entitlement: a}]", "overrides names entitlement a twice"],
    ["overrides=[{entitlement: a, minSuport: 3}]", "overrides.0.minSuport"],
    ["log.level=loud", "allowed: trace, debug"],
    ["minSuport=3", "--set minSuport is not a key of the configuration; did you mean minSupport?"],
    ["step=3", "--set step is not a key"],
    ["minSupport", "--set minSupport has no value; allowed: key=value"],
    ["__proto__.x=1", "--set __proto__.x is not a key"],
    ["features=[", "--set features=[ is not YAML"],
  ])("--set %s", (set, message) => {
    expect(refusal({ cwd: folder, sets: [set] })).toContain(message);
  });

  test.each<[string, string]>([
    ["minsupport: 3", "did you mean minSupport?"],
    ["kafka:\n  broker: [a:1]", "did you mean kafka.brokers?"],
    ["recordsMax: 3", "did you mean step.recordsMax?"],
    ["kafka: localhost:9092", 'kafka (FILE) is "localhost:9092"; allowed: a group of keys'],
    ["- a", "allowed: keys with values"],
    ["a: b: c", "is not YAML"],
    ["minSupport: 3\nminSupport: 4", "is not YAML: Map keys must be unique"],
    ["__proto__:\n  minSupport: 9", "__proto__"],
    ["minSupport: null", "minSupport (FILE) is null; allowed"],
    ["saslPassword: hunter2", "saslPassword"],
  ])("file %j", (yaml, message) => {
    const text = refusal(withFile(yaml)).replaceAll(join(folder, "corollary.yaml"), "FILE");
    expect(text).toContain(message);
    expect(text).not.toContain("hunter2");
  });

  test("variables", () => {
    expect(refusal({ cwd: folder, env: { COROLLARY_MIN_SUPORT: "3" } })).toContain(
      "did you mean COROLLARY_MIN_SUPPORT?",
    );
    expect(refusal({ cwd: folder, env: { COROLLARY_MIN_SUPPORT: "x" } })).toContain(
      "minSupport (COROLLARY_MIN_SUPPORT) is",
    );
  });

  test("several problems are told at once", () => {
    expect(refusal({ cwd: folder, sets: ["minSupport=0", "format=xml"] }).split("\n")).toHaveLength(2);
  });

  test("a file that is missing, and an empty one", () => {
    expect(refusal({ cwd: folder, file: "nowhere.yaml" })).toContain("cannot read the configuration file");
    expect(loadConfig(withFile("")).minSupport).toBe(3);
  });
});

test("docs/OPERATIONS.md lists every key with its default", () => {
  const page = readFileSync(new URL("../docs/OPERATIONS.md", import.meta.url), "utf8");
  const documented = [...page.matchAll(/^\| `([\w.]+)` \| `(.*?)` \|/gm)].map((match) => [match[1], match[2]]);
  const leaves = (tree: object, prefix = ""): string[][] =>
    Object.entries(tree).flatMap(([name, value]) =>
      value !== null && typeof value === "object" && !Array.isArray(value)
        ? leaves(value as object, `${prefix}${name}.`)
        : [[`${prefix}${name}`, JSON.stringify(value)]],
    );
  expect(documented).toEqual(leaves(DEFAULTS));
});
