/** Input positions: the next offset to read of each topic partition. */
import type { InputRecord, Positions, Watermark } from "../transport/transport.ts";

export function positionOf(positions: Positions, topic: string, partition: number): number | null {
  return positions.get(topic)?.get(partition) ?? null;
}

/** Where `positions` stand once these records are read. */
export function advance(positions: Positions, records: readonly InputRecord[]): Positions {
  const next = new Map<string, Map<number, number>>();
  for (const [topic, partitions] of positions) next.set(topic, new Map(partitions));
  for (const { topic, partition, offset } of records) {
    const partitions = next.get(topic) ?? new Map<number, number>();
    next.set(topic, partitions.set(partition, offset + 1));
  }
  return next;
}

/** Offsets between the positions and the ends of the partitions. */
export function lagBehind(positions: Positions, watermarks: readonly Watermark[]): number {
  let lag = 0;
  for (const { topic, partition, low, high } of watermarks) {
    lag += Math.max(0, high - (positionOf(positions, topic, partition) ?? low));
  }
  return lag;
}

/** true: no partition of `positions` stands before `target`. */
export function reached(positions: Positions, target: Positions): boolean {
  for (const [topic, partitions] of target) {
    for (const [partition, offset] of partitions) {
      if ((positionOf(positions, topic, partition) ?? 0) < offset) return false;
    }
  }
  return true;
}

/** topic → offsets by partition, in a fixed order; what `asOf` and the progress record show. */
export function positionsToJson(positions: Positions): Record<string, number[]> {
  const json: Record<string, number[]> = {};
  for (const topic of [...positions.keys()].sort()) {
    const partitions = positions.get(topic) ?? new Map();
    json[topic] = Array.from({ length: partitions.size }, (_, partition) => partitions.get(partition) ?? 0);
  }
  return json;
}

export function positionsFromJson(json: Readonly<Record<string, readonly number[]>>): Positions {
  return new Map(Object.entries(json).map(([topic, offsets]) => [topic, new Map(offsets.entries())]));
}
