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

const speed = fc.oneof(
  { weight: 30, arbitrary: fc.nat(99_999_999).map((n) => `initial 64000, Update ${n}`) },
  { weight: 10, arbitrary: fc.nat(9).map((n) => `initial ${n}000, Update 64000`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'initial , Update 5',
      'initial 5, Update ',
      'initial N/A, Update 5',
      'initial 5, Update N/A',
      'initial 5',
      'initial 64000, Update 5, source ancp',
      '',
    ),
  },
);
const user = fc.oneof(
  { weight: 40, arbitrary: fc.nat(10_000).map((n) => `u${n}@isp.example`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'N/A', 'a, b', 'a, Assigned IP address: 1.2.3.4', 'é', 'x:y', ' z'),
  },
);
const assigned = fc.oneof(
  { weight: 40, arbitrary: fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `100.64.${a}.${b}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'N/A',
      '1.2.3',
      '1.2.3.256',
      '1.2.3.4.5',
      '0001.2.3.4',
      '2001:db8::7',
      '10.0.0.1/32',
    ),
  },
);
const method = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom('CHAP', 'PAP', 'CHAPX') },
  { weight: 1, arbitrary: fc.constantFrom('', 'N/A', 'EAP') },
);

const values = {
  remote: number(70_000),
  unit: number(4_294_967_295),
  state,
  peer: name,
  serial: number(4_294_967_295),
  created: date,
  up: duration,
  idle: duration,
  since: date,
  counters: fc.tuple(cell(15), cell(13), cell(15), cell(13), cell(15), cell(13)),
  ip: fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom('10.0.0.1', '10.0.0.2') },
    { weight: 1, arbitrary: fc.constantFrom('10.0.0.2:1701', '2001:db8::1', '', '999.1.1.1') },
  ),
  speed,
  user,
  assigned,
  method,
};
interface Values extends Record<Exclude<keyof typeof values, 'counters'>, string> {
  readonly counters: readonly string[];
}
const fixed = (text: string): fc.Arbitrary<string> => fc.constant(text);
const exact = (width: number): fc.Arbitrary<string> =>
  fc.nat(99_999_999).map((n) => String(n).padStart(width));
/** What nothing is odd about: runs of such sessions are matched at once. */
const plainValues: { readonly [K in keyof typeof values]: fc.Arbitrary<Values[K]> } = {
  remote: fc.nat(65_535).map(String),
  unit: fc.nat().map(String),
  state: fixed('Established'),
  peer: fc.constantFrom('lac-1', 'lac-2'),
  serial: fc.nat().map(String),
  created: clock.map((time) => `Mon Apr 25 ${time} 2011`),
  up: clock,
  idle: clock,
  since: clock.map((time) => `Mon Apr 25 ${time} 2011`),
  counters: fc.tuple(exact(15), exact(13), exact(15), exact(13), exact(15), exact(13)),
  ip: fixed('10.0.0.1'),
  speed: fc.nat(99_999_999).map((n) => `initial ${n >>> 8}, Update ${n}`),
  user: fc.nat(10_000).map((n) => `u${n}@isp.example`),
  assigned: fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `100.64.${a}.${b}`),
  method: fc.constantFrom('CHAP', 'PAP'),
};
const plainSession = fc.record(plainValues);
/** Plain but for one value, or for all. */
const session: fc.Arbitrary<Values> = fc.oneof(
  { weight: 40, arbitrary: plainSession },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        plainSession,
        fc.record(values),
        fc.constantFrom(...(Object.keys(values) as (keyof typeof values)[])),
      )
      .map(([plainly, oddly, which]) => ({ ...plainly, [which]: oddly[which] })),
  },
  { weight: 1, arbitrary: fc.record(values) },
);

function printSession(id: number, v: Values): string {
  const [a, b, c, d, e, f] = v.counters;
  return (
    `  Session local ID: ${id}, Session remote ID: ${v.remote}\n    Interface unit: ${v.unit}\n    State: ${v.state}\n    Interface: si-5/2/0\n` +
    `    Local IP: 192.0.2.1, Remote IP: ${v.ip}\n    Local name: lns, Remote name: ${v.peer}\n` +
    `    Username: ${v.user}, Assigned IP address: ${v.assigned}\n    Tx speed: ${v.speed}\n    Authentication: ${v.method}\n    Call serial number: ${v.serial}\n` +
    `    Create time: ${v.created}, Up time: ${v.up}\n    Idle time: ${v.idle}\n    Statistics since: ${v.since}\n` +
    `                        Packets        Bytes\n      Control Tx${a}${b}\n      Data Tx   ${c}${d}\n      Data Rx   ${e}${f}\n`
  );
}

const listing = fc
  .array(fc.tuple(session, fc.nat(20), fc.nat(20)), { minLength: 20, maxLength: 60, size: 'max' })
  .map((sessions) => {
    let text = 'Tunnel local ID: 1\n';
    sessions.forEach(([values, kind, tunnel], i) => {
      if (kind === 0 && i > 0) text += `${tunnel < 10 ? '\n' : ''}Tunnel local ID: ${tunnel}\n`;
      // Now and then one is listed twice.
      text += printSession(kind === 1 && tunnel < 8 ? i : i + 1, values);
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

  it('end a run where a part of a value is none', () => {
    const text = (predict: boolean): string => {
      const sessions = Array.from({ length: 40 }, (_, i) => {
        const initial = i === 30 ? 'N/A' : String(i * 7);
        return `  Session local ID: ${i}, Session remote ID: ${i}\n    Tx speed: initial ${initial}, Update ${i}\n`;
      });
      const bytes = Buffer.from(`Tunnel local ID: 1\n${sessions.join('')}`);
      return plain(parseCapture([bytes], { complete: true }, {}, { predict }));
    };
    expect(text(true)).toBe(text(false));
    expect(text(true)).toContain('"unknownNames":["Tx speed"]');
  });
});
