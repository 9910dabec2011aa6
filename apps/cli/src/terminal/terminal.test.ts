import { expect, it } from 'vitest';
import { escapeForTerminal, escapeValue, wantsColour } from './terminal.ts';

it('what a terminal would obey is shown instead', () => {
  expect(escapeForTerminal('\u001b]0;pwned\u0007 \u009b31m \u202eevil\r\u0000')).toBe(
    '\\x1b]0;pwned\\x07 \\x9b31m \\u202eevil\\x0d\\x00',
  );
});

it('letters of any script, line feeds and tabs stay', () => {
  const text = 'Zoë Ω 名前 🎞\n\tx';
  expect(escapeForTerminal(text)).toBe(text);
  expect(escapeValue('a\tb\nc')).toBe('a\\tb\\nc');
});

it('colours are for terminals, unless NO_COLOR says no', () => {
  expect(wantsColour({ isTTY: true }, {})).toBe(true);
  expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
  expect(wantsColour({}, {})).toBe(false);
});
