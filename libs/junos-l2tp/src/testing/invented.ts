/** For tests: texts in layouts that no router has printed, with the values that they hold. */
import fc from 'fast-check';

/** A session's values by field name, as records hold them. */
export type Truth = Record<string, number | bigint | string | null>;

export interface Invented {
  readonly text: string;
  readonly sessions: readonly Truth[];
}

/** One label with its value, and what a record then holds. */
interface Item {
  readonly print: string;
  readonly values: Truth;
}

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,11}$/);
const u16 = fc.integer({ min: 0, max: 65535 });
const u32 = fc.nat({ max: 0xffffffff });
const octet = fc.nat({ max: 255 });
const v4 = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));
const v6 = fc.tuple(u16, u16).map(([a, b]) => `2001:db8:${a.toString(16)}::${b.toString(16)}`);

/** What a subscriber may call himself: anything but control characters, no space at either end. */
export const hostileName = fc
  .oneof(
    { weight: 2, arbitrary: word },
    { weight: 1, arbitrary: fc.constant('') },
    {
      weight: 2,
      arbitrary: fc
        .array(
          fc.constantFrom(
            ', ',
            'Assigned IP address: ',
            'State: ',
            'Mode: closed',
            '6.6.6.6',
            '"',
            "'",
            '<b>',
            ' ',
            'é',
            '日本',
            ':',
            'Session local ID: 7',
            'Up time: 1d 02:03',
            'x',
            '--',
            '\\',
            '%s',
            '0',
          ),
          { minLength: 1, maxLength: 8 },
        )
        .map((parts) => parts.join('').trim()),
    },
  )
  // `Username:, Assigned…`: printed so, a name that begins with a comma cannot be told from an empty one.
  .filter((name) => !/^[,:]/.test(name) && name !== 'N/A');

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

function date(seconds: number, padded: boolean): string {
  const d = new Date(seconds * 1000);
  const day = padded ? String(d.getUTCDate()).padStart(2) : String(d.getUTCDate());
  return `${days[d.getUTCDay()] ?? ''} ${months[d.getUTCMonth()] ?? ''} ${day} ${d.toISOString().slice(11, 19)} ${d.getUTCFullYear()}`;
}

const item = (label: string, field: string, raw: string, value: Truth[string]): Item => ({
  print: raw === '' ? `${label}:` : `${label}: ${raw}`,
  values: { [field]: value },
});

const text = (label: string, field: string, values: fc.Arbitrary<string> = word): fc.Arbitrary<Item> =>
  fc.oneof(
    { weight: 6, arbitrary: values.map((v) => item(label, field, v, v)) },
    { weight: 1, arbitrary: fc.constant(item(label, field, '', '')) },
  );
const count = (label: string, field: string, values: fc.Arbitrary<number> = u32): fc.Arbitrary<Item> =>
  values.map((v) => item(label, field, String(v), v));
const big = (label: string, field: string): fc.Arbitrary<Item> =>
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((v) => item(label, field, String(v), v));
const state = (label: string, field: string, words: string[]): fc.Arbitrary<Item> =>
  fc.constantFrom(...words).map((v) => item(label, field, v, v.toLowerCase()));
const address = (label: string, field: string, port: string): fc.Arbitrary<Item> =>
  fc.oneof(
    fc.oneof(v4, v6).map((v) => item(label, field, v, v)),
    fc.constant(item(label, field, '', '')),
    fc.constant(item(label, field, 'N/A', null)),
    fc.tuple(v4, u16).map(([v, p]) => ({ print: `${label}: ${v}:${p}`, values: { [field]: v, [port]: p } })),
    fc
      .tuple(v6, u16)
      .map(([v, p]) => ({ print: `${label}: [${v}]:${p}`, values: { [field]: v, [port]: p } })),
  );
const time = (label: string, field: string): fc.Arbitrary<Item> =>
  fc.tuple(u32, fc.boolean()).map(([v, padded]) => item(label, field, date(v, padded), v));

const two = (n: number): string => String(n).padStart(2, '0');
const duration = fc.oneof(
  fc
    .nat({ max: 86399 })
    .map((s): [string, number | null] => [
      `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`,
      s,
    ]),
  fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.nat({ max: 23 }), fc.nat({ max: 59 }))
    .map(([d, h, m]): [string, number | null] => [
      `${d}d ${two(h)}:${two(m)}`,
      d * 86400 + h * 3600 + m * 60,
    ]),
  fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.nat({ max: 6 }), fc.nat({ max: 23 }))
    .map(([w, d, h]): [string, number | null] => [
      `${w}w${d}d ${h}:07:59`,
      (w * 7 + d) * 86400 + h * 3600 + 479,
    ]),
  fc.constant<[string, number | null]>(['N/A', null]),
);
const speed = (label: string, field: string): fc.Arbitrary<Item> =>
  fc.oneof(
    big(label, field),
    fc.tuple(u32, u32).map(([a, b]) => ({
      print: `${label}: initial ${a}, Update ${b}`,
      values: { [`${field}_initial`]: BigInt(a), [field]: BigInt(b) },
    })),
    fc.tuple(u32, fc.constantFrom('ancp', 'service-profile', 'actual')).map(([a, s]) => ({
      print: `${label}: ${a}, source ${s}`,
      values: { [field]: BigInt(a), [`${field}_source`]: s },
    })),
  );

/** Lines' worth of labels that can follow each other on one line in any order. */
const items: readonly fc.Arbitrary<Item>[] = [
  count('Session remote ID', 'session_remote_id', u16),
  count('Interface unit', 'interface_unit'),
  state('State', 'state', ['Established', 'Closed', 'Clean-up', 'lns-ic-idle', 'DESTROYED', 'never-seen']),
  state('Mode', 'mode', ['shared', 'Dedicated', 'exclusive']),
  fc.oneof(count('Bundle ID', 'bundle_id'), fc.constant(item('Bundle ID', 'bundle_id', '', ''))),
  address('Local IP', 'local_ip', 'local_port'),
  address('Remote IP', 'remote_ip', 'remote_port'),
  text('Local name', 'local_name'),
  text('Interface', 'interface_name', fc.constantFrom('si-5/2/0', 'pp0', 'sp-1/2/0')),
  speed('Tx speed', 'tx_speed'),
  speed('Rx speed', 'rx_speed'),
  count('Bearer type', 'bearer_type'),
  fc
    .constantFrom('On', 'Off', 'N/A')
    .map((v) => item('LCP renegotiation', 'lcp_renegotiation', v, v === 'N/A' ? null : v)),
  count('Call serial number', 'call_serial_number'),
  big('Policer bandwidth', 'policer_bandwidth'),
  time('Create time', 'create_time'),
  duration.map(([raw, v]) => item('Up time', 'up_time_s', raw, v)),
  duration.map(([raw, v]) => item('Idle time', 'idle_time_s', raw, v)),
  time('Statistics since', 'statistics_since'),
  fc.tuple(word, word).map(([name, raw]) => ({ print: `${name}x new: ${raw}`, values: {} })),
];

const counter = (label: string, packets: string, bytes: string): fc.Arbitrary<Item> =>
  fc
    .tuple(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat({ max: 9999 })),
      fc.nat({ max: 8 }),
    )
    .map(([p, b, pad]) => {
      const rounded = typeof b === 'number';
      const raw = rounded ? `${Math.floor(b / 10)}.${b % 10}k` : String(b);
      const head = label.padEnd(12 + pad);
      return {
        print: `${head}${String(p).padStart(20)} ${raw.padStart(20)}`,
        values: { [packets]: p, [bytes]: rounded ? BigInt(b) * 100n : b },
      };
    });

const counters: readonly fc.Arbitrary<Item>[] = [
  counter('Control Tx', 'control_tx_packets', 'control_tx_bytes'),
  counter('Data Tx', 'data_tx_packets', 'data_tx_bytes'),
  counter('Data Rx', 'data_rx_packets', 'data_rx_bytes'),
];

/** Which items a session prints, on which lines, with which indents: the layout; values are drawn for each session. */
interface Shape {
  readonly lines: readonly (readonly number[])[];
  readonly indents: readonly string[];
  readonly withUser: boolean;
  readonly counters: readonly number[];
  readonly first: string;
  readonly eol: string;
}

const indent = fc.constantFrom('', ' ', '    ', '\t', '\u00a0 \u00a0 ', '      ');

const shape: fc.Arbitrary<Shape> = fc
  .record({
    order: fc.shuffledSubarray(items.map((_, i) => i)),
    joined: fc.array(fc.boolean(), { minLength: items.length, maxLength: items.length }),
    indents: fc.array(indent, { minLength: items.length + 2, maxLength: items.length + 2 }),
    withUser: fc.boolean(),
    counters: fc.shuffledSubarray([0, 1, 2]),
    first: fc.constantFrom('', '  ', '\t'),
    eol: fc.constantFrom('\n', '\r\n'),
  })
  .map(({ order, joined, ...rest }) => {
    const lines: number[][] = [];
    for (const [n, i] of order.entries()) {
      const last = lines.at(-1);
      if (last !== undefined && last.length < 4 && joined[n] === true) last.push(i);
      else lines.push([i]);
    }
    return { lines, ...rest };
  });

interface Built {
  readonly text: string;
  readonly values: Truth;
}

function session(s: Shape, id: number): fc.Arbitrary<Built> {
  const used = s.lines.map((line) => fc.tuple(...line.map((i) => items[i] as fc.Arbitrary<Item>)));
  const table = s.counters.map((i) => counters[i] as fc.Arbitrary<Item>);
  return fc
    .record({
      lines: fc.tuple(...used),
      missing: fc.nat({ max: 30 }),
      user: fc.tuple(hostileName, fc.oneof(v4, fc.constant(''))),
      table: fc.tuple(...table),
    })
    .map(({ lines, missing, user, table: rows }) => {
      const values: Truth = { session_local_id: id };
      let out = `${s.first}Session local ID: ${id}${s.eol}`;
      lines.forEach((line, i) => {
        if (i === missing) return;
        out += `${s.indents[i] ?? ''}${line.map((it) => it.print).join(', ')}${s.eol}`;
        for (const it of line) Object.assign(values, it.values);
      });
      if (s.withUser) {
        const [name, ip] = user;
        const space = (v: string): string => (v === '' ? '' : ` ${v}`);
        out += `    Username:${space(name)}, Assigned IP address:${space(ip)}${s.eol}`;
        values['user_name'] = name;
        values['peer_ip'] = ip;
      }
      if (rows.length > 0) out += `                        Packets        Bytes${s.eol}`;
      for (const row of rows) {
        out += `      ${row.print}${s.eol}`;
        Object.assign(values, row.values);
      }
      return { text: out, values };
    });
}

/** A listing of several tunnels and sessions that all print by one invented layout, lines missing here and there. */
export const inventedListing: fc.Arbitrary<Invented> = fc
  .record({
    shape,
    tunnels: fc.uniqueArray(u16, { minLength: 1, maxLength: 3 }),
    ids: fc.uniqueArray(u16, { minLength: 1, maxLength: 5 }),
    gap: fc.constantFrom('', '\n', '\n\n'),
    between: fc.constantFrom('', '\n'),
    group: fc.option(fc.tuple(word, word), { nil: null }),
  })
  .chain(({ shape: s, tunnels, ids, gap, between, group }) =>
    fc.tuple(...tunnels.map(() => fc.tuple(...ids.map((id) => session(s, id))))).map((built): Invented => {
      const sessions: Truth[] = [];
      const eol = (line: string): string => line.replaceAll('\n', s.eol);
      const parts = built.map((listed, t) => {
        const tunnel = tunnels[t] ?? 0;
        const header = group === null ? '' : `Interface: sp-${group[0]}, Tunnel group: ${group[1]}, `;
        const shared =
          group === null ? {} : { tunnel_interface_name: `sp-${group[0]}`, tunnel_group_name: group[1] };
        for (const { values } of listed) sessions.push({ tunnel_local_id: tunnel, ...shared, ...values });
        return eol(`${header}Tunnel local ID: ${tunnel}\n`) + listed.map((b) => b.text).join(eol(between));
      });
      return { text: parts.join(eol(gap)), sessions };
    }),
  );
