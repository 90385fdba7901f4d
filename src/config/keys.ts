/** What each key of the configuration means. */
import type { Exclusion, Fraction, Override } from "../core/settings.ts";

export interface KafkaConfig {
  /** host:port of at least one broker. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl: boolean;
  /** PEM file of the authority that signed the brokers' certificates; null: the system's. */
  readonly sslCaFile: string | null;
  readonly saslMechanism: "plain" | "scram-sha-256" | "scram-sha-512" | null;
  /** Names of the environment variables that hold the user name and the password. */
  readonly saslUsernameEnv: string | null;
  readonly saslPasswordEnv: string | null;
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly transactionTimeoutMs: number;
  /** Of topics that `topics --create` makes; -1: the broker's default. */
  readonly replicationFactor: number;
}

/** Names of topics without the prefix, which is put before each of them. */
export interface TopicsConfig {
  readonly prefix: string;
  readonly identities: string;
  readonly assignments: string;
  readonly entitlements: string;
  readonly requests: string;
  readonly decisions: string;
  readonly predictions: string;
  readonly recommendations: string;
  readonly flags: string;
  readonly actions: string;
  readonly audit: string;
  readonly rejects: string;
  readonly progress: string;
  /** Of every topic that we create, except `progress`, which has one. */
  readonly partitions: number;
}

export interface StepConfig {
  /** Most input records and bytes of a step. */
  readonly recordsMax: number;
  readonly bytesMax: number;
  /** Longest wait for the first record. */
  readonly waitMs: number;
  /** Most output records and bytes of a step's ripple; its direct effects are always whole. */
  readonly budgetRecords: number;
  readonly budgetBytes: number;
}

export interface Config {
  /** Names this engine in progress records and transactional ids; never reuse it for another. */
  readonly engine: string;
  /** Absolute path of the state folder. */
  readonly data: string;
  readonly transport: "journal" | "kafka";
  readonly kafka: KafkaConfig;
  readonly topics: TopicsConfig;
  /** Of output records. */
  readonly format: "json" | "avro";
  readonly features: readonly string[] | null;
  readonly maxRuleLength: number;
  readonly minSupport: number;
  readonly confidenceWindow: Fraction;
  readonly recommendThreshold: Fraction;
  readonly bands: { readonly high: Fraction; readonly medium: Fraction };
  readonly materiality: Fraction;
  readonly materialitySupport: Fraction;
  readonly learning: { readonly exclude: Exclusion };
  readonly recommend: { readonly exclude: Omit<Exclusion, "sources">; readonly birthrightAbove: Fraction | null };
  readonly overrides: readonly Override[];
  readonly unusedAfterDays: number;
  /** How long event ids are remembered. */
  readonly dedupDays: number;
  /** Whether the first view of an empty state is published or taken as known. */
  readonly initialPublish: "full";
  readonly rejectsPerMinuteMax: number;
  /** Largest share of a kind that `import --mode replace` removes unasked. */
  readonly snapshotRemoveMax: Fraction;
  readonly step: StepConfig;
  /** Records of backlog from which the view is built in one batch instead of event by event. */
  readonly catchUpLag: number;
  /** Logical shards of 0 to 63 that this engine owns, both ends included. */
  readonly shards: { readonly own: { readonly first: number; readonly last: number } };
  readonly log: { readonly level: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent" };
}
