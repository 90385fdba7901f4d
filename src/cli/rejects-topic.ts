/** The rejects topic, read for people. */
import { AppError } from "../errors.ts";
import { type DecodedReject, decodeReject } from "../events/decode-reject.ts";
import type { Transport } from "../transport/transport.ts";
import { topicName } from "../worker/publisher.ts";
import type { Session } from "./session.ts";

/** Every reject, partition by partition, oldest first. */
export async function* readRejects({ config }: Session, transport: Transport): AsyncGenerator<DecodedReject> {
  for await (const record of transport.readOutput(topicName(config, "rejects"))) yield decodeReject(record);
}

/** Names one reject, for people and for `rejects replay`. */
export function placeOf({ topic, partition, offset }: DecodedReject): string {
  return `${topic}/${partition}/${offset}`;
}

/** The rejects of these places. Rejects with AppError("input") where one has none. */
export async function findRejects(
  session: Session,
  transport: Transport,
  places: readonly string[],
): Promise<DecodedReject[]> {
  const missing = new Set(places);
  const found: DecodedReject[] = [];
  for await (const reject of readRejects(session, transport)) {
    if (!places.includes(placeOf(reject))) continue;
    missing.delete(placeOf(reject));
    found.push(reject);
  }
  if (missing.size === 0) return found;
  throw new AppError(
    "input",
    `there is no reject ${[...missing].join(", ")}`,
    "`corollary rejects list` shows the places: topic/partition/offset",
  );
}
