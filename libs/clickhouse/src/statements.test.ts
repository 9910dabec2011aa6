import { expect, test } from 'vitest';
import { statementsOf } from './statements.ts';

test('splits at semicolons outside of quotes and comments', () => {
  const text =
    "-- why; because\nSELECT ';' , 'it''s \\'; --';\n\n-- only a comment;\n;SELECT `a;b`, \"c;d\" -- x;\n;";
  expect(statementsOf(text)).toEqual([
    "-- why; because\nSELECT ';' , 'it''s \\'; --'",
    'SELECT `a;b`, "c;d" -- x;',
  ]);
});
