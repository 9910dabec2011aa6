import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { crc32c } from './crc32c.ts';

// RFC 3720, B.4, and the check value of the CRC catalogues.
test.each([
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['ascending', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ['descending', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
  ['123456789', Buffer.from('123456789'), 0xe3069283],
  ['nothing', Buffer.alloc(0), 0],
])('%s', (_, bytes, crc) => {
  expect(crc32c(bytes)).toBe(crc);
});

test("is kafkajs's at every length and place", () => {
  const original = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C/crc32C') as (
    bytes: Uint8Array,
  ) => number;
  const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 7919) >>> 3));
  for (let from = 0; from < 9; from++)
    for (let length = 0; length < 280; length++) {
      const part = bytes.subarray(from, from + length);
      expect(crc32c(part)).toBe(original(part));
    }
});
