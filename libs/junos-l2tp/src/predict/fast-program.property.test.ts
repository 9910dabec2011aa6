/** The fast path beside the plain one: listings long enough to be predicted, with values that only look like what is predicted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCapture } from '../testing/parse-capture.ts';

const digits = (max: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: max }).map((all) => all.join(''));
const plainNumber = fc.bigInt(0n, 10n ** 15n).map(String);
/** Right-aligned as a router does, or not quite: too wide, leading zeros, a space too many, a space within, a sign, a unit. */
const cell = (width: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 60, arbitrary: fc.nat(99_999).map((n) => String(n).padStart(width)) },
    { weight: 30, arbitrary: plainNumber.map((n) => n.padStart(width)) },
    { weight: 1, arbitrary: digits(22).map((n) => n.padStart(width)) },
    { weight: 1, arbitrary: digits(6).map((n) => n.padStart(width + 1)) },
    { weight: 1, arbitrary: fc.tuple(digits(4), digits(4)).map(([a, b]) => `${a} ${b}`.padStart(width)) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('N/A', '29.0k', '1.5m', '-1', '', '!', '7:', '1/2', '٣', '\u00a07', '4,5')
        .map((s) => s.padStart(width)),
    },
  );
const number = (max: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 60, arbitrary: fc.nat(max).map(String) },
    { weight: 1, arbitrary: digits(12) },
    { weight: 1, arbitrary: fc.constantFrom('N/A', '', '65536', '4294967296', '0', '00', '1 ', '1x') },
  );
const two = (n: number): string => String(n).padStart(2, '0');
const clock = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59))
  .map(([h, m, s]) => `${two(h)}:${two(m)}:${two(s)}`);
const date = fc.oneof(
  { weight: 50, arbitrary: clock.map((time) => `Mon Apr 25 ${time} 2011`) },
  { weight: 8, arbitrary: fc.tuple(fc.nat(2 ** 31), fc.boolean()).map(([s, padded]) => printed(s, padded)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'Mon Apr 25 24:00:00 2011',
      'Mon Apr 25 12:0:00 2011',
      'Mon Apr 31 12:00:00 2011',
      'Mon Apr 25 12:61:00 2011',
      'Mon Apr 25 1 :00:00 2011',
      'N/A',
      '',
    ),
  },
);
const duration = fc.oneof(
  { weight: 40, arbitrary: clock },
  { weight: 8, arbitrary: fc.tuple(fc.nat(6), clock).map(([d, time]) => `${d}d ${time}`) },
  {
    weight: 8,
    arbitrary: fc.tuple(fc.nat(60), fc.nat(6), clock).map(([w, d, time]) => `${w}w${d}d ${time}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'N/A',
      '24:00:00',
      '1:02:03',
      '00:60:00',
      '1d 02:03',
      '123',
      '0d 01:02:03',
      '3w7d 01:02:03',
      '',
    ),
  },
);
const name = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom('lac-1', 'lac-2') },
  { weight: 2, arbitrary: fc.nat(999).map((n) => `lac-${n}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'lac-1, Remote name: x',
      'a: b',
      'lac-1 ',
      'é',
      'x'.repeat(300),
      'N/A',
      'lac-1, Tx speed: 5',
    ),
  },
);
const state = fc.oneof(
  { weight: 45, arbitrary: fc.constant('Established') },
  { weight: 1, arbitrary: fc.constantFrom('established', 'Closed', 'lns-ic-idle', 'ESTABLISHED', 'N/A', '') },
);

function printed(seconds: number, padded: boolean): string {
  const [day = '', month = '', date = '', year = '', time = ''] = new Date(seconds * 1000)
    .toUTCString()
    .replace(/^(\w+), (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1 $3 $2 $4 $5')
    .split(' ');
  return `${day} ${month} ${String(Number(date)).padStart(padded ? 2 : 1)} ${time} ${year}`;
}

const session = fc
  .tuple(
    fc.tuple(number(70_000), number(4_294_967_295), state, name, number(4_294_967_295)),
    fc.tuple(date, duration, duration, date),
    fc.tuple(cell(15), cell(13), cell(15), cell(13), cell(15), cell(13)),
    fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom('10.0.0.1', '10.0.0.2') },
      { weight: 1, arbitrary: fc.constantFrom('10.0.0.2:1701', '2001:db8::1', '', '999.1.1.1') },
    ),
  )
  .map(
    ([[remote, unit, st, peer, serial], [created, up, idle, since], c, ip]) =>
      (id: number) =>
        `  Session local ID: ${id}, Session remote ID: ${remote}\n    Interface unit: ${unit}\n    State: ${st}\n    Interface: si-5/2/0\n` +
        `    Local IP: 192.0.2.1, Remote IP: ${ip}\n    Local name: lns, Remote name: ${peer}\n    Call serial number: ${serial}\n` +
        `    Create time: ${created}, Up time: ${up}\n    Idle time: ${idle}\n    Statistics since: ${since}\n` +
        `                        Packets        Bytes\n      Control Tx${c[0]}${c[1]}\n      Data Tx   ${c[2]}${c[3]}\n      Data Rx   ${c[4]}${c[5]}\n`,
  );

const listing = fc
  .array(fc.tuple(session, fc.boolean(), fc.nat(20)), { minLength: 3, maxLength: 40 })
  .map((sessions) => {
    let text = 'Tunnel local ID: 1\n';
    sessions.forEach(([print, isSame, tunnel], i) => {
      if (!isSame && i > 0) text += `${tunnel < 10 ? '\n' : ''}Tunnel local ID: ${tunnel}\n`;
      text += print(i + 1);
    });
    return text;
  });

const row = fc
  .tuple(
    number(70_000),
    number(99_999),
    state,
    fc.oneof(
      { weight: 8, arbitrary: fc.constant('') },
      { weight: 4, arbitrary: fc.nat(65_536).map(String) },
      { weight: 1, arbitrary: fc.constantFrom('N/A', '1234567', 'x') },
    ),
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('bob', 'alice@isp.example') },
      { weight: 2, arbitrary: fc.nat().map((n) => `user${n}`) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '',
          '12',
          '12 34',
          '5@x',
          'a b',
          ' x',
          'é',
          '-',
          'error: x',
          '1 2  3',
          'N/A',
        ),
      },
    ),
    fc.constantFrom('', '', '', ' '),
  )
  .map(
    ([remote, unit, st, bundle, user, end]) =>
      (id: number) =>
        `${String(id).padStart(7)}${remote.padStart(7)}${unit.padStart(10)} ${`${st.padEnd(20)}${bundle.padStart(6)} ${user}`.trimEnd()}${end}\n`,
  );

const table = fc.array(row, { minLength: 2, maxLength: 30 }).map((rows) => {
  const head =
    'Interface: sp-1/2/0, Tunnel group: group1, Tunnel local ID:  8802\n' +
    '  Local Remote Interface State               Bundle Username\n  ID    ID     unit\n';
  return head + rows.map((print, i) => print(i + 1)).join('');
});

const plain = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v));

describe('sessions that look like those before', { timeout: 60_000 }, () => {
  it('are read as they are without prediction', () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 2, arbitrary: listing }, { weight: 1, arbitrary: table }), (text) => {
        const bytes = Buffer.from(text);
        const fast = parseCapture([bytes], { complete: true });
        const slow = parseCapture([bytes], { complete: true }, {}, { predict: false });
        const [a, b] = [plain(fast), plain(slow)];
        let at = 0;
        while (at < a.length && a[at] === b[at]) at++;
        expect(a.slice(Math.max(0, at - 200), at + 200)).toBe(b.slice(Math.max(0, at - 200), at + 200));
      }),
      { numRuns: 200 },
    );
  });
});
