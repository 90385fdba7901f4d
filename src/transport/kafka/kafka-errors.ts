/** What an error of kafkajs means for us. */
import { AppError } from "../../errors.ts";

/**
 * epoch: another producer with our transactional id exists, or the broker gave up our transaction (the protocol versions
 * that kafkajs speaks do not tell which). refused: will be refused again. passing: may go away.
 */
export type ErrorKind = "epoch" | "refused" | "passing";

const EPOCH_TYPES = new Set([
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
  "TRANSACTION_COORDINATOR_FENCED",
]);

/** Each with what the reader should do. */
const REFUSED_TYPES: Readonly<Record<string, string>> = {
  MESSAGE_TOO_LARGE: "Raise max.message.bytes of the topic.",
  RECORD_LIST_TOO_LARGE: "Raise max.message.bytes of the topic.",
  INVALID_RECORD: "The topic asks for something the record has not, such as a key.",
  INVALID_TIMESTAMP: "Compare the clocks of this machine and of the brokers.",
  POLICY_VIOLATION: "Ask who runs the brokers which policy the topic or record breaks.",
  INVALID_TOPIC_EXCEPTION: "Name topics with letters, digits, '.', '_' and '-' only.",
  UNKNOWN_TOPIC_OR_PARTITION: "Run `corollary topics --create`.",
  TOPIC_AUTHORIZATION_FAILED: "Grant the rights on the topic.",
  GROUP_AUTHORIZATION_FAILED: "Grant Read on consumer groups with the engine's prefix.",
  CLUSTER_AUTHORIZATION_FAILED: "Grant the rights on the cluster.",
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "Grant Write and Describe on transactional ids with the engine's prefix.",
  SASL_AUTHENTICATION_FAILED: "Check the credentials that kafka.saslUsernameEnv and kafka.saslPasswordEnv name.",
};

export function errorKind(error: unknown): ErrorKind {
  const type = protocolType(error);
  if (type !== null && EPOCH_TYPES.has(type)) return "epoch";
  if (type !== null && Object.hasOwn(REFUSED_TYPES, type)) return "refused";
  return nameOf(error) === "KafkaJSSASLAuthenticationError" ? "refused" : "passing";
}

/** The AppError("transport") to show a person. */
export function transportError(doing: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const type = protocolType(error);
  const hint =
    type !== null && Object.hasOwn(REFUSED_TYPES, type)
      ? (REFUSED_TYPES[type] ?? null)
      : "Check that the brokers of kafka.brokers are up and reachable, then start again.";
  const reason = error instanceof Error ? error.message : String(error);
  return new AppError("transport", `Kafka: ${doing}: ${type === null ? "" : `${type}: `}${reason}`, hint, error);
}

/** The broker's name for the error, searched through the causes that kafkajs wraps around it. */
export function protocolType(error: unknown): string | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const type: unknown = (at as { type?: unknown }).type;
    if (typeof type === "string") return type;
    if (nameOf(at) === "KafkaJSSASLAuthenticationError") return "SASL_AUTHENTICATION_FAILED";
  }
  return null;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}
