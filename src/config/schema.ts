/**
 * What each key of the configuration may be. Every error text says what is allowed; config.ts adds the key and the value.
 */
import { z } from "zod";
import type { Fraction } from "../core/settings.ts";
import type { Config } from "./keys.ts";

const DECIMALS_MAX = 9;

const whole = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};

const oneOf = <const T extends readonly string[]>(...values: T) => z.enum(values, { error: values.join(", ") });

const TEXT = "text of 1 to 1024 characters";
const text = z.string({ error: TEXT }).min(1, { error: TEXT }).max(1024, { error: TEXT });

const flag = z.boolean({ error: "true or false" });

/** A list, or its entries in one text, separated by commas. */
const texts = (most: number) => {
  const error = `a list of at most ${most} texts`;
  return z.preprocess(
    (value) => (typeof value === "string" ? value.split(",").map((entry) => entry.trim()) : value),
    z.array(text, { error }).max(most, { error }),
  );
};

const HOST_PORT = /^(?:[^\s:]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/;

/** Also good for client ids and the engine's name. */
const topicName = (min: number) => {
  const error = `${min} to 200 letters, digits, dots, underscores and hyphens`;
  return z.string({ error }).regex(min === 0 ? /^[\w.-]{0,200}$/ : /^[\w.-]{1,200}$/, { error });
};

/** JavaScript prints the shortest text that reads back as the same number, so up to 15 digits survive as written. */
function fractionOf(value: number): Fraction | null {
  const digits = value !== 0 && value < 1e-6 ? value.toFixed(15).replace(/0+$/, "") : String(value);
  const match = /^(\d+)(?:\.(\d+))?$/.exec(digits);
  const decimals = match?.[2] ?? "";
  if (!match || decimals.length > DECIMALS_MAX) return null;
  return { numerator: Number(`${match[1]}${decimals}`), denominator: 10 ** decimals.length };
}

const decimal = (min: number, max: number) => {
  const error = `a number from ${min} to ${max} with at most ${DECIMALS_MAX} decimals`;
  return z.number({ error }).transform((value, context): Fraction => {
    const fraction = value >= min && value <= max ? fractionOf(value) : null;
    if (fraction) return fraction;
    context.addIssue({ code: "custom", message: error });
    return z.NEVER;
  });
};

const SHARD_RANGE = 'a range within 0-63, such as "0-63"';
const shardRange = z.string({ error: SHARD_RANGE }).transform((value, context) => {
  const match = /^(\d{1,2})-(\d{1,2})$/.exec(value);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (first <= last && last <= 63) return { first, last };
  context.addIssue({ code: "custom", message: SHARD_RANGE });
  return z.NEVER;
});

const named = { kinds: texts(1_000), tags: texts(1_000), applications: texts(10_000), entitlements: texts(100_000) };

const OVERRIDES = "a list of at most 10000 entries";
const override = z
  .strictObject({
    application: text.nullable().default(null),
    entitlement: text.nullable().default(null),
    minSupport: whole(1, 10_000).nullable().default(null),
    recommendThreshold: decimal(0, 1).nullable().default(null),
    excludeLearning: flag.nullable().default(null),
    excludeRecommend: flag.nullable().default(null),
  })
  .refine((o) => (o.application === null) !== (o.entitlement === null), {
    error: "an entry that names either an application or an entitlement",
  });

export const schema: z.ZodType<Config> = z.strictObject({
  engine: topicName(1),
  data: text,
  transport: oneOf("journal", "kafka"),
  kafka: z.strictObject({
    brokers: texts(100).refine((list) => list.length > 0 && list.every((broker) => HOST_PORT.test(broker)), {
      error: "at least one host:port",
    }),
    clientId: topicName(1),
    ssl: flag,
    sslCaFile: text.nullable(),
    saslMechanism: oneOf("plain", "scram-sha-256", "scram-sha-512").nullable(),
    saslUsernameEnv: text.nullable(),
    saslPasswordEnv: text.nullable(),
    connectionTimeoutMs: whole(100, 600_000),
    requestTimeoutMs: whole(100, 600_000),
    transactionTimeoutMs: whole(1_000, 900_000),
    replicationFactor: whole(-1, 100).refine((n) => n !== 0, { error: "-1 (the broker's default) or 1 to 100" }),
  }),
  topics: z.strictObject({
    prefix: topicName(0),
    identities: topicName(1),
    assignments: topicName(1),
    entitlements: topicName(1),
    requests: topicName(1),
    decisions: topicName(1),
    predictions: topicName(1),
    recommendations: topicName(1),
    flags: topicName(1),
    actions: topicName(1),
    audit: topicName(1),
    rejects: topicName(1),
    progress: topicName(1),
    partitions: whole(1, 1_000),
  }),
  format: oneOf("json", "avro"),
  features: texts(1_000).nullable(),
  maxRuleLength: whole(1, 4),
  minSupport: whole(1, 10_000),
  confidenceWindow: decimal(0, 1),
  recommendThreshold: decimal(0, 1),
  bands: z
    .strictObject({ high: decimal(0, 1), medium: decimal(0, 1) })
    .refine(({ high, medium }) => high.numerator * medium.denominator >= medium.numerator * high.denominator, {
      error: "`medium` at most as large as `high`",
    }),
  materiality: decimal(0, 1),
  materialitySupport: decimal(0, 1),
  learning: z.strictObject({ exclude: z.strictObject({ sources: texts(1_000), ...named }) }),
  recommend: z.strictObject({ exclude: z.strictObject(named), birthrightAbove: decimal(0, 1).nullable() }),
  overrides: z.array(override, { error: OVERRIDES }).max(10_000, { error: OVERRIDES }),
  unusedAfterDays: whole(1, 36_500),
  dedupDays: whole(0, 365),
  initialPublish: z.literal("full", { error: "full (`none` is not supported yet)" }),
  rejectsPerMinuteMax: whole(0, 10_000_000),
  snapshotRemoveMax: decimal(0, 1),
  step: z.strictObject({
    recordsMax: whole(1, 1_000_000),
    bytesMax: whole(1_024, 256 * 1024 * 1024),
    waitMs: whole(0, 60_000),
    budgetRecords: whole(1, 10_000_000),
    budgetBytes: whole(1_024, 256 * 1024 * 1024),
  }),
  catchUpLag: whole(0, 1_000_000_000),
  shards: z.strictObject({ own: shardRange }),
  log: z.strictObject({ level: oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent") }),
});
