import { describe, expect, it } from 'vitest';
import { canonicalForm, crc64Avro, fingerprint, fingerprintBytes } from './canonical.ts';

describe('CRC-64-AVRO', () => {
  // From share/test/data/schema-tests.txt of Apache Avro: signed decimal fingerprints of canonical forms.
  const published: readonly (readonly [string, bigint])[] = [
    ['"null"', 7195948357588979594n],
    ['"boolean"', -6970731678124411036n],
    ['"int"', 8247732601305521295n],
    ['"long"', -3434872931120570953n],
    ['"double"', -8181574048448539266n],
    ['"bytes"', 5746618253357095269n],
    ['"string"', -8142146995180207161n],
  ];

  it.each(published)('of %s is the published one', (text, signed) => {
    expect(BigInt.asIntN(64, crc64Avro(new TextEncoder().encode(text)))).toBe(signed);
    expect(BigInt.asIntN(64, BigInt(`0x${fingerprint(JSON.parse(text) as string)}`))).toBe(signed);
  });

  it('lies in a message as little endian', () => {
    expect(Buffer.from(fingerprintBytes('null')).toString('hex')).toBe('8a8f25cce724dd63');
    expect(fingerprint('null')).toBe('63dd24e7cc258f8a');
  });
});

describe('the canonical form', () => {
  it('leaves out what does not change the bytes', () => {
    expect(
      canonicalForm({
        type: 'record',
        namespace: 'x.y',
        name: 'A',
        doc: 'not here',
        fields: [
          { name: 'when', type: { type: 'long', logicalType: 'timestamp-millis' }, doc: 'nor here' },
          { name: 'kind', type: { type: 'enum', name: 'K', symbols: ['p', 'q'], default: 'p' } },
          { name: 'again', type: ['null', 'K'], default: null },
          { name: 'list', type: { items: { type: 'string' }, type: 'array' } },
        ],
      }),
    ).toBe(
      '{"name":"x.y.A","type":"record","fields":[{"name":"when","type":"long"},' +
        '{"name":"kind","type":{"name":"x.y.K","type":"enum","symbols":["p","q"]}},' +
        '{"name":"again","type":["null","x.y.K"]},{"name":"list","type":{"type":"array","items":"string"}}]}',
    );
  });

  it('refuses a name that was not defined', () => {
    expect(() => canonicalForm({ type: 'array', items: 'Later' })).toThrow('Later');
  });
});
