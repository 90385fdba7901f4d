/**
 * Which partition a key belongs to: the murmur2 of Kafka's own default partitioner, so that records written by any
 * producer and by this engine meet in the same partition.
 */

/** Number of logical shards; part of the data format, the same for ever. */
const LOGICAL_SHARDS = 64;

const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** The signed 32-bit hash of Kafka's `Utils.murmur2`. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  const whole = length & ~3;
  let hash = SEED ^ length;
  for (let i = 0; i < whole; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    hash = Math.imul(hash, M) ^ Math.imul(k, M);
  }
  const rest = length - whole;
  if (rest >= 3) hash ^= bytes[whole + 2]! << 16;
  if (rest >= 2) hash ^= bytes[whole + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[whole]!, M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}

function hashOf(key: string | Uint8Array): number {
  return murmur2(typeof key === "string" ? Buffer.from(key) : key) & 0x7fffffff;
}

/** The partition of a key among `partitions`; a text key is hashed as UTF-8. */
export function partitionOf(key: string | Uint8Array, partitions: number): number {
  return hashOf(key) % partitions;
}

/** The logical shard, 0 to 63, that an entitlement (or, for records about a person, a user) belongs to. */
export function shardOf(id: string): number {
  return hashOf(id) % LOGICAL_SHARDS;
}
