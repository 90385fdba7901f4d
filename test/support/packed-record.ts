/** An encoded record as consumers get it: through the frames of the outbox, so as bytes. */
import type { EncodedRecord } from "../../src/events/encode.ts";
import { packRecords, unpackRecords } from "../../src/transport/frames.ts";
import type { OutputRecord } from "../../src/transport/transport.ts";

export function packedRecord(topic: string, record: EncodedRecord): OutputRecord {
  const [packed] = unpackRecords(packRecords([{ topic, partition: 0, ...record }]));
  if (packed === undefined) throw new Error("nothing was packed");
  return packed;
}
