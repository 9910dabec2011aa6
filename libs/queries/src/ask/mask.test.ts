import { unmasked } from '@sessionreel/ops';
import { expect, test } from 'vitest';
import { masked, maskedCommand, maskedNames, maskedReason } from './mask.ts';

const name = 'anna@isp.example';
const mask = (): string => 'user-0';

test('every place of an answer that can hold a user name', () => {
  const answer = {
    holders: [{ router: 'lns1', userName: name }, { router: 'lns2', userName: null }, { userName: '' }],
    events: [
      {
        values: { user_name: name, state: 'established', bearer: 3n },
        changes: [
          { field: 'user_name', before: null, after: name },
          { field: 'state', before: 'closed', after: 'established' },
        ],
      },
    ],
    sessions: [
      {
        record: { values: { user_name: name }, rounding: {}, unknown: [['Alias', name]] },
        layout: JSON.stringify([name]),
      },
    ],
    parts: [{ part: 0, document: `{"user":"${name}"}` }],
    asOf: {
      scope: `user ${name}`,
      command: `show services l2tp session user "${name}" extensive`,
      reason: `stops at "${name}"`,
    },
    found: [
      { by: 'user_name', match: name },
      { by: 'router', match: 'lns1' },
    ],
    byKey: new Map([['a', { userName: name }]]),
    at: new Date(0),
  };
  const told = masked(answer, mask);
  expect(
    JSON.stringify({ ...told, byKey: [...told.byKey] }, (_, x: unknown) => (typeof x === 'bigint' ? 0 : x)),
  ).not.toContain('anna');
  expect(told.holders).toEqual([
    { router: 'lns1', userName: 'user-0' },
    { router: 'lns2', userName: null },
    { userName: '' },
  ]);
  expect(told.events[0]?.changes[1]).toEqual({ field: 'state', before: 'closed', after: 'established' });
  expect(told.events[0]?.values.bearer).toBe(3n);
  expect(told.sessions[0]?.layout).toBeNull();
  expect(told.found[1]).toEqual({ by: 'router', match: 'lns1' });
  expect(told.at).toBe(answer.at);
  // The answer itself is as it was: another person may read it.
  expect(answer.holders[0]?.userName).toBe(name);
});

test('who may see names gets the answer itself', () => {
  const answer = { userName: name };
  expect(masked(answer, unmasked)).toBe(answer);
  expect(maskedCommand(`user ${name}`, unmasked)).toBe(`user ${name}`);
  expect(maskedReason(`"${name}"`, unmasked)).toBe(`"${name}"`);
});

test('names are masked where rows are by user only', () => {
  expect(maskedNames([{ name }], 'user', mask)).toEqual([{ name: 'user-0' }]);
  expect(maskedNames([{ name: 'isp.example' }], 'realm', mask)).toEqual([{ name: 'isp.example' }]);
});
