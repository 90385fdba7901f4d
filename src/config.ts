/**
 * YAML file + environment + flags → one frozen Config, checked once, before anything starts.
 *  1. Precedence: `--set key=value` over `COROLLARY_…` over the file over DEFAULTS.
 *  2. Inside, nobody re-checks: a Config that exists is valid.
 *  3. Decimals are exact: 0.8 is 8/10, never a float.
 *  4. No secret is ever a value here; passwords are named by the environment variable that holds them.
 */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import type { z } from "zod";
import type { Config } from "./config/keys.ts";
import { type Layers, nearest, readLayers } from "./config/layers.ts";
import { schema } from "./config/schema.ts";
import type { Settings } from "./core/settings.ts";
import { AppError } from "./errors.ts";

/** Every default, as it would stand in the file. */
export const DEFAULTS: Readonly<Record<string, unknown>> = {
  engine: "corollary",
  data: ".corollary",
  transport: "journal",
  kafka: {
    brokers: ["127.0.0.1:9092"],
    clientId: "corollary",
    ssl: false,
    sslCaFile: null,
    saslMechanism: null,
    saslUsernameEnv: null,
    saslPasswordEnv: null,
    connectionTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    transactionTimeoutMs: 60_000,
    replicationFactor: -1,
  },
  topics: {
    prefix: "",
    identities: "hr.identities",
    assignments: "iga.assignments",
    entitlements: "iga.entitlements",
    requests: "iga.requests",
    decisions: "iga.decisions",
    predictions: "predictions",
    recommendations: "recommendations",
    flags: "flags",
    actions: "actions",
    audit: "audit",
    rejects: "rejects",
    progress: "progress",
    partitions: 1,
  },
  format: "json",
  features: null,
  maxRuleLength: 3,
  minSupport: 3,
  confidenceWindow: 0.05,
  recommendThreshold: 0.8,
  bands: { high: 0.75, medium: 0.35 },
  materiality: 0.01,
  materialitySupport: 0.1,
  learning: {
    exclude: {
      sources: ["exception", "break-glass", "security"],
      kinds: [],
      tags: [],
      applications: [],
      entitlements: [],
    },
  },
  recommend: { exclude: { kinds: [], tags: [], applications: [], entitlements: [] }, birthrightAbove: null },
  overrides: [],
  unusedAfterDays: 90,
  dedupDays: 7,
  initialPublish: "full",
  rejectsPerMinuteMax: 1_000,
  snapshotRemoveMax: 0.05,
  step: {
    recordsMax: 5_000,
    bytesMax: 4 * 1024 * 1024,
    waitMs: 100,
    budgetRecords: 20_000,
    budgetBytes: 8 * 1024 * 1024,
  },
  catchUpLag: 100_000,
  shards: { own: "0-63" },
  log: { level: "info" },
};

export interface ConfigSources {
  /** Top-level defaults of one command, in place of those in DEFAULTS. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** YAML file, relative to `cwd`. */
  readonly file?: string | null;
  /** Variables that start with COROLLARY_ count: COROLLARY_MIN_SUPPORT, COROLLARY_KAFKA_BROKERS=a:9092,b:9092. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** `key=value`, as `--set` takes them: `step.recordsMax=100`. Values are read as YAML. */
  readonly sets?: readonly string[];
  readonly cwd?: string;
}

/** Throws AppError("config") that names key, value, where it stands and what is allowed. */
export function loadConfig(sources: ConfigSources = {}): Config {
  const cwd = sources.cwd ?? process.cwd();
  const layers = readLayers(
    { ...DEFAULTS, ...sources.defaults },
    {
      file: sources.file ? resolve(cwd, sources.file) : null,
      env: sources.env ?? {},
      sets: sources.sets ?? [],
    },
  );
  const result = schema.safeParse(layers.values);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => problemOf(issue, layers));
    throw new AppError("config", [...new Set(problems)].slice(0, 10).join("\n"), HINT);
  }
  const config = { ...result.data, data: resolve(cwd, result.data.data) };
  checkTogether(config);
  return deepFreeze(config);
}

const HINT = "docs/OPERATIONS.md lists every key with its default";

/** The settings that change results, in the form the core computes with. */
export function settingsOf(config: Config): Settings {
  return {
    features: config.features,
    maxRuleLength: config.maxRuleLength,
    minSupport: config.minSupport,
    confidenceWindow: config.confidenceWindow,
    recommendThreshold: config.recommendThreshold,
    bandHigh: config.bands.high,
    bandMedium: config.bands.medium,
    materiality: config.materiality,
    materialitySupport: config.materialitySupport,
    learningExclude: config.learning.exclude,
    recommendExclude: { sources: [], ...config.recommend.exclude },
    birthrightAbove: config.recommend.birthrightAbove,
    overrides: config.overrides,
    unusedAfterDays: config.unusedAfterDays,
  };
}

/** SHA-256, hex; equal for settings that mean the same (0.8 and 0.80, lists in another order). */
export function settingsDigest(settings: Settings): string {
  return createHash("sha256")
    .update(JSON.stringify(canonical(settings)))
    .digest("hex");
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    const entries = value.map((entry) => JSON.stringify(canonical(entry)));
    return [...new Set(entries)].sort();
  }
  if (value === null || typeof value !== "object") return value;
  if ("numerator" in value && "denominator" in value) {
    return (value.numerator as number) / (value.denominator as number);
  }
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, canonical(entry)]),
  );
}

function problemOf(issue: z.core.$ZodIssue, layers: Layers): string {
  const path = issue.path.map(String);
  const key = path.join(".");
  const where = layers.originOf(path);
  if (issue.code === "unrecognized_keys") {
    const name = [...path, issue.keys[0] ?? ""].join(".");
    return `${name} (${layers.originOf(name.split("."))}) is not a key of the configuration${nearest(name, layers.keys)}`;
  }
  const expected = issue.code === "invalid_type" && issue.expected === "object" ? "a group of keys" : issue.message;
  const value = JSON.stringify(layers.valueAt(path)) ?? "missing";
  return `${key} (${where}) is ${value.length > 200 ? `${value.slice(0, 200)}…` : value}; allowed: ${expected}`;
}

/** Rules that look at more than one key. */
function checkTogether(config: Config): void {
  const { prefix, partitions: _, ...names } = config.topics;
  const keyOf = new Map<string, string>();
  for (const [key, name] of Object.entries(names)) {
    const other = keyOf.get(name);
    if (other)
      throw new AppError(
        "config",
        `topics.${key} is "${prefix}${name}"; allowed: a name that topics.${other} does not have`,
        HINT,
      );
    keyOf.set(name, key);
  }
  const { saslMechanism, saslUsernameEnv, saslPasswordEnv } = config.kafka;
  if (saslMechanism && !(saslUsernameEnv && saslPasswordEnv)) {
    const missing = saslUsernameEnv ? "saslPasswordEnv" : "saslUsernameEnv";
    throw new AppError(
      "config",
      `kafka.${missing} is null; allowed with kafka.saslMechanism: the name of an environment variable`,
      HINT,
    );
  }
  const subjects = config.overrides.map((o) =>
    o.entitlement === null ? `application ${o.application}` : `entitlement ${o.entitlement}`,
  );
  const repeated = subjects.find((subject, i) => subjects.indexOf(subject) !== i);
  if (repeated) throw new AppError("config", `overrides names ${repeated} twice; allowed: once`, HINT);
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === "object") {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
