/**
 * The shard of a key, always the same for the same key and count. FNV-1a with a finishing mix, and not murmur2: Kafka's
 * partitioner has used that already, so that the keys of one partition would fall into few shards.
 */
export function shardOf(key: Uint8Array, shards: number): number {
  let hash = 0x811c9dc5;
  for (const byte of key) hash = Math.imul(hash ^ byte, 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  return (hash >>> 0) % shards;
}
