import { fields, type SessionRecord } from '@sessionreel/session-model';
import { expect, test } from 'vitest';
import { asPrinted } from './layouts.ts';

const shapeOf = (names: readonly string[]): string =>
  fields.map((f) => (names.includes(f.name) ? 'v' : '.')).join('');

test('a record is printed with the fields that its class printed, and its ids', () => {
  const record: SessionRecord = {
    values: {
      tunnel_local_id: 1,
      session_local_id: 2,
      state: 'established',
      local_ip: '10.0.0.1',
      local_port: 1701,
    },
    rounding: {},
    unknown: [],
  };
  const presence = shapeOf(Object.keys(record.values));
  expect(asPrinted(record, shapeOf(['state', 'local_ip']), presence).values).toEqual({
    tunnel_local_id: 1,
    session_local_id: 2,
    state: 'established',
    local_ip: '10.0.0.1',
  });
  expect(asPrinted(record, '', presence)).toBe(record);
  expect(asPrinted(record, presence, presence)).toBe(record);
  expect(record.values).toHaveProperty('local_port');
});
