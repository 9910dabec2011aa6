import { fields } from '@sessionreel/session-model';
import { expect, test } from 'vitest';
import { shownLetters } from './layouts.ts';

const lettersOf = (letters: Readonly<Record<string, string>>): string =>
  fields.map((f) => letters[f.name] ?? '.').join('');

test('a session is printed with the fields that its class printed, and its ids', () => {
  const presence = lettersOf({ state: 'v', local_ip: 'e', local_port: 'v' });
  const ids = { tunnel_local_id: 'v', session_local_id: 'v' };
  const known = lettersOf({ ...ids, state: 'v', local_ip: 'e', local_port: 'v' });
  const shape = lettersOf({ state: 'v', local_ip: 'v', mode: 'v' });
  expect(shownLetters(shape, presence, known)).toBe(lettersOf({ ...ids, state: 'v', local_ip: 'e' }));
  expect(shownLetters('', presence, known)).toBe(known);
  expect(shownLetters(presence, presence, known)).toBe(known);
});
