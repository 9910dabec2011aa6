import fc from 'fast-check';
import {
  fields,
  indexOfField,
  type Field,
  type FieldValue,
  type SessionRecord,
} from '@sessionreel/session-model';
import { describe, expect, it } from 'vitest';
import { defaultLayout, levelOfLayout } from './default-layouts.ts';
import { isGroup, isSlot, type Piece } from './layout.ts';
import { renderSnapshot } from './render.ts';
import { matchesScope } from '../envelope/scope.ts';
import { parseCapture } from '../testing/parse-capture.ts';

function slots(pieces: readonly Piece[]): string[] {
  return pieces.flatMap((p) => (isSlot(p) ? [p.f] : isGroup(p) ? slots(p.g) : []));
}

function valueOf(f: Field): fc.Arbitrary<FieldValue> {
  if (f.name.endsWith('_ip')) return fc.ipV4();
  if (f.name === 'peer_prefix_length') return fc.nat({ max: 32 });
  switch (f.type) {
    case 'u16':
      return fc.nat({ max: 65535 });
    case 'u32':
      return f.name.endsWith('_port') ? fc.nat({ max: 65535 }) : fc.nat({ max: 0xffffffff });
    case 'u64':
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case 'word':
      return fc.constantFrom('established', 'closed', 'shared', 'dedicated');
    case 'datetime':
      return fc.nat({ max: 4_000_000_000 });
    case 'duration':
      return fc.nat({ max: 40_000_000 });
    default:
      return fc.stringMatching(/^[a-z][a-z0-9/-]{0,9}$/);
  }
}

const cases = (['lns-m', 'lns-mx', 'lac'] as const).flatMap((variant) =>
  (['brief', 'detail', 'extensive', 'statistics'] as const).map((level) => ({ variant, level })),
);

describe('sessions without a layout of their own', { timeout: 60_000 }, () => {
  it.each(cases)('print and read back: $variant $level', ({ variant, level }) => {
    const bare: SessionRecord = { values: {}, rounding: {}, unknown: [] };
    const layout = defaultLayout('text', level, bare, variant);
    expect(levelOfLayout(layout)).toBe(level);
    const names = [...new Set([...slots(layout.tunnel), ...slots(layout.body)])];
    const values = fc.record(
      Object.fromEntries(names.map((n) => [n, valueOf(fields[indexOfField(n)] as Field)])),
    );
    fc.assert(
      fc.property(values, (drawn) => {
        const record = { ...bare, values: drawn };
        const printed = Buffer.concat([
          ...renderSnapshot([{ record, layout: null }], '', { level, variant }),
        ]);
        const read = parseCapture([printed], { complete: true }).snapshots[0]?.sessions[0]?.record.values;
        expect(read).toEqual(drawn);
      }),
      { numRuns: 40 },
    );
  });
});

describe('filters', () => {
  const record: SessionRecord = {
    values: {
      tunnel_local_id: 5,
      session_local_id: 7,
      interface_name: 'si-1/0/0',
      interface_unit: 9,
      remote_name: 'lac',
      local_ip: '10.0.0.1',
      remote_ip: '2001:db8::1',
      local_name: 'Lns',
      tunnel_interface_name: 'sp-1/2/0',
      tunnel_group_name: 'group 1',
      user_name: 'bob "x" \\ | y',
    },
    rounding: {},
    unknown: [],
  };
  it.each([
    [{ 'local-tunnel-id': '5', 'local-session-id': '7' }, true],
    [{ 'local-session-id': '8' }, false],
    [{ interface: 'si-1/0/0' }, true],
    [{ interface: 'si-1/0/0.9' }, true],
    [{ interface: 'si-1/0/0.8' }, false],
    [{ 'peer-gateway-name': 'lac' }, true],
    [{ 'local-gateway': '10.0.0.2' }, false],
    [{ 'local-gateway': '10.0.0.1' }, true],
    [{ 'peer-gateway': '2001:DB8:0:0::1' }, true],
    [{ 'peer-gateway': '2001:db8::2' }, false],
    [{ 'local-gateway-name': 'Lns' }, true],
    [{ 'local-gateway-name': 'lns' }, false],
    [{ interface: 'sp-1/2/0' }, true],
    [{ 'tunnel-group': 'group 1' }, true],
    [{ 'tunnel-group': 'group 1', 'local-tunnel-id': '6' }, false],
    [{ 'local-session-id': '07' }, true],
    [{ 'local-session-id': 'x' }, false],
    [{ user: 'bob' }, false],
    [{ user: 'bob "x" \\ | y' }, true],
    [{ unknown: 'colour' }, true],
    [{}, true],
  ])('%j', (scope, listed) => {
    expect(matchesScope(record, scope as Record<string, string>)).toBe(listed);
  });
});
