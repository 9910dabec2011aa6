import { expect, test } from 'vitest';
import { checkMarkup, fuzzMarkup } from '../testing/markup-fuzz.ts';
import { parseMarkup } from '../testing/markup-fixture.ts';

const inputs = 2000;

test(`${inputs} mutated replies are read, or refused, alike on every path, and none makes a session up`, () => {
  const findings = fuzzMarkup(inputs, 20_260_101);
  expect(findings.map(({ seed, problem }) => `seed ${seed}: ${problem}`)).toEqual([]);
}, 60_000);

test('the check tells a session that nobody printed', () => {
  // The tunnel's ID is written as entities: a number that does not stand in the bytes.
  const bytes = Buffer.from(
    '<service-l2tp-session-information><l2tp-session-entry><l2tp-tunnel-local-id>&#55;&#55;</l2tp-tunnel-local-id>' +
      '<l2tp-session-local-id>5</l2tp-session-local-id></l2tp-session-entry></service-l2tp-session-information>',
  );
  expect(checkMarkup('xml', bytes, [])).toBe('a session that nobody printed: 77');
});

test.each([
  ['nesting', '<a>'.repeat(200_000), 'nested deeper than 64'],
  ['a name', `<${'a'.repeat(100_000)}`, 'longer than'],
  ['a tag', `<a ${'b="c" '.repeat(50_000)}`, 'longer than'],
  ['a comment', `<!-- ${'x'.repeat(200_000)}`, 'longer than'],
  ['a value', `<rpc-reply><output>${'x'.repeat(200_000)}`, 'longer than'],
])('%s without end is a clear error', (_, text, message) => {
  const bytes = Buffer.from(text);
  const cuts = Array.from({ length: Math.floor(bytes.length / 997) }, (__, i) => (i + 1) * 997);
  expect(parseMarkup('xml', bytes).refused).toContain(message);
  expect(parseMarkup('xml', bytes, cuts).refused).toContain(message);
});

test.each([
  ['arrays', '['.repeat(200_000), 'an array where'],
  ['nesting', '{"a":'.repeat(200_000), 'nested deeper than 64'],
  ['a string', `{"${'x'.repeat(200_000)}`, 'longer than'],
  ['a number', `{"a":${'1'.repeat(200_000)}`, 'longer than'],
])('%s without end in JSON is a clear error', (_, text, message) => {
  expect(parseMarkup('json', Buffer.from(text)).refused).toContain(message);
});

test('a session longer than its limit is an error, and what follows is not read', () => {
  const leaf = '<l2tp-session-color>red</l2tp-session-color>';
  const entry = `<l2tp-session-entry><l2tp-session-local-id>1</l2tp-session-local-id>${leaf.repeat(40)}</l2tp-session-entry>`;
  const bytes = Buffer.from(
    `<service-l2tp-session-information><l2tp-tunnel-local-id>1</l2tp-tunnel-local-id>${entry}</service-l2tp-session-information>`,
  );
  expect(parseMarkup('xml', bytes).records).toHaveLength(1);
  const { records, facts } = parseMarkup('xml', bytes, [], { sessionBytes: 500 });
  expect(records).toEqual([]);
  expect(facts.complete).toBe(false);
  expect(facts.errors[0]?.message).toContain('longer than 500 bytes');
});

test('a pager that was not switched off is passed over', () => {
  const text =
    '<service-l2tp-session-information>\n---(more 50%)---\r                 \r<l2tp-session-entry>\n' +
    '<l2tp-tunnel-local-id>1</l2tp-tunnel-local-id>---(more)---\b\b\b<l2tp-session-local-id>1</l2tp-session-local-id>\n' +
    '</l2tp-session-entry></service-l2tp-session-information>';
  expect(parseMarkup('xml', Buffer.from(text)).facts).toMatchObject({
    complete: true,
    sessions: 1,
    errors: [],
  });
  const garbage = parseMarkup('xml', Buffer.from(text.replace('---(more)---', 'l-id>7</')));
  expect(garbage.facts.complete).toBe(false);
});
