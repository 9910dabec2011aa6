/** For tests: replies as no router may have printed them, but as the schema allows, with values that hurt. */
import { fields } from '@sessionreel/session-model';
import fc from 'fast-check';

/** A leaf as it stands in an element: its tag and everything from its start tag (or key) to its end. */
type Printed = string;

const pick = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const dates = pick(
  'Tue Aug 24 14:38:23 2010',
  'Sun Aug  1 00:00:00 2010',
  'Sun Aug 1 23:59:59 2010',
  '2010-08-24 14:38:23 UTC',
  'N/A',
  '',
  'Wed Aug 24 14:38:23 2010',
);
const durations = pick(
  '00:00:00',
  '01:06:25',
  '1d 02:03',
  '2d 02:38:51',
  '3w2d 04:19:15',
  '23:59:59',
  'N/A',
  '',
  '25:00:00',
  '12',
);
const counters = pick(
  '0',
  '7',
  '4294967295',
  '18446744073709551615',
  '18446744073709551616',
  '29.0k',
  '1.5m',
  '1.50m',
  '29K',
  '007',
  'N/A',
  '',
  'lots',
);
const addresses = pick(
  '10.0.0.1',
  '192.0.2.77',
  '10.0.0.1:1701',
  '2001:db8::1',
  '[2001:db8::1]:1701',
  '10.1.2.3/32',
  '',
  'N/A',
  '10.0.0.256',
  '2001:DB8::1',
);
const words = pick(
  'Established',
  'established',
  'ESTABLISHED',
  'Clean-Up',
  'clean-up',
  'lns-ic-Idle',
  '',
  'N/A',
  'n/a',
);
const speeds = pick(
  '0',
  '256000',
  'initial 64000, Update 256000',
  'Initial 1,  update 2',
  '256000, source ancp',
  'initial 5',
  'N/A',
  '',
);
const texts = fc.oneof(
  pick(
    '',
    'N/A',
    'n/a',
    'On',
    'si-5/2/0',
    ' x',
    'x ',
    ' ',
    'a&b<c>"d\'',
    ']]>',
    'é中😀',
    '\u00a0',
    'a\tb',
    '\u001b[31m',
    '&amp;',
    '\\u0041',
    '</l2tp-session-entry>',
    '"}]',
  ),
  fc
    .string({ unit: 'grapheme', maxLength: 8 })
    .filter((s) => s.isWellFormed() && !s.includes('\0') && !s.includes('\r')),
);

function valueOf(type: string, name: string): fc.Arbitrary<string> {
  if (name === 'session_local_id') return fc.integer({ min: 0, max: 65535 }).map(String);
  if (name === 'tx_speed' || name === 'rx_speed') return speeds;
  switch (type) {
    case 'u16':
    case 'u32':
    case 'u64':
      return counters;
    case 'datetime':
      return dates;
    case 'duration':
      return durations;
    case 'address':
      return addresses;
    case 'word':
      return words;
    default:
      return texts;
  }
}

/** How the leaves of a listing are printed. */
interface Style {
  readonly format: 'xml' | 'json';
  readonly between: string;
  readonly isPadded: boolean;
  readonly isSelfClosed: boolean;
  readonly escapes: number;
  readonly prefix: string;
}

const style = (format: 'xml' | 'json'): fc.Arbitrary<Style> =>
  fc.record({
    format: fc.constant(format),
    between: format === 'xml' ? pick('', '\n    ', '\r\n', '\n<!-- < & -->\n') : pick('', '\n    ', ' '),
    isPadded: fc.boolean(),
    isSelfClosed: fc.boolean(),
    escapes: fc.nat(3),
    prefix: format === 'xml' ? pick('', 'j:') : pick('', 'l2tp:'),
  });

function escapeText(text: string, { format, escapes }: Style): string {
  if (format === 'json') {
    const escaped = JSON.stringify(text).slice(1, -1);
    if (escapes === 1) return escaped.replaceAll('/', '\\/');
    if (escapes < 2) return escaped;
    return escaped.replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  }
  const all = text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? c);
  if (escapes === 1) return all.replaceAll('"', '&quot;').replaceAll("'", '&apos;');
  return escapes < 2 ? all : all.replace(/[^ -~]/gu, (c) => `&#x${(c.codePointAt(0) ?? 0).toString(16)};`);
}

/** A leaf. `seconds`: an exact duration beside it. */
function printLeaf(tag: string, text: string, seconds: number | null, s: Style): Printed {
  const { format, prefix } = s;
  const pad = s.isPadded && text !== '' ? (format === 'xml' ? '\n' : '\\n') : '';
  const value = pad + escapeText(text, s) + pad;
  if (format === 'json') {
    const data =
      text === '' && s.isSelfClosed
        ? '[null]'
        : /^[1-9]\d*$/.test(text) && s.escapes === 3
          ? text
          : `"${value}"`;
    const attribute = seconds === null ? '' : `,"attributes":{"junos:seconds":"${seconds}"}`;
    return `"${prefix}${tag}":[{"data":${data}${attribute}}]`;
  }
  const attribute = seconds === null ? '' : ` junos:seconds="${seconds}"`;
  if (text === '' && s.isSelfClosed) return `<${prefix}${tag}${attribute}/>`;
  const cdata = s.escapes === 3 && !text.includes(']]>') && text.trim() !== '';
  return `<${prefix}${tag}${attribute}>${cdata ? `${pad}<![CDATA[${text}]]>${pad}` : value}</${prefix}${tag}>`;
}

const leafFields = fields.filter((f) => f.tags.length > 0 && f.scope === 'session');

/** Leaves of one session by a shape: which fields it has, in which order. */
function session(shape: readonly number[], s: Style): fc.Arbitrary<Printed[]> {
  return fc.tuple(
    ...shape.map((i) => {
      const f = leafFields[i];
      if (f === undefined) return texts.map((text) => printLeaf('l2tp-session-color', text, null, s));
      const tag = f.tags[0] ?? '';
      const seconds =
        f.type === 'duration' ? fc.option(pick(0, 3985, 93785, 7), { freq: 2 }) : fc.constant(null);
      return fc.tuple(valueOf(f.type, f.name), seconds).map(([text, n]) => printLeaf(tag, text, n, s));
    }),
  );
}

interface Table {
  readonly id: number;
  readonly group: string | null;
  readonly sessions: readonly Printed[][];
}

const idOfSession = leafFields.findIndex((f) => f.name === 'session_local_id');

function tables(s: Style): fc.Arbitrary<Table[]> {
  const shape = fc
    .uniqueArray(fc.nat(leafFields.length), { maxLength: 8 })
    .map((indexes) => [idOfSession, ...indexes.filter((i) => i !== idOfSession)]);
  return fc.array(shape, { minLength: 1, maxLength: 2 }).chain((shapes) =>
    fc.array(
      fc.record({
        id: fc.integer({ min: 1, max: 4 }),
        group: fc.option(pick('g', 'a&b')),
        sessions: fc.array(fc.oneof(...shapes.map((x) => session(x, s))), { maxLength: 4 }),
      }),
      { maxLength: 3 },
    ),
  );
}

function printXml(list: readonly Table[], s: Style): string {
  const { between, prefix } = s;
  const element = (name: string, parts: readonly string[]): string =>
    `<${prefix}${name}>${parts.map((part) => between + part).join('')}${between}</${prefix}${name}>`;
  const printed = list.map(({ id, group, sessions }) =>
    element('l2tp-per-tunnel-session-table', [
      ...(group === null ? [] : [printLeaf('tunnel-group-name', group, null, s)]),
      printLeaf('l2tp-tunnel-local-id', String(id), null, s),
      element(
        'l2tp-session-table',
        sessions.map((leaves) => element('l2tp-session-entry', leaves)),
      ),
    ]),
  );
  return `<rpc-reply>${between}${element('service-l2tp-session-information', printed)}</rpc-reply>`;
}

function printJson(list: readonly Table[], s: Style): string {
  const { between, prefix } = s;
  const object = (parts: readonly string[]): string => `{${between}${parts.join(`,${between}`)}${between}}`;
  const array = (name: string, parts: readonly string[]): string =>
    `"${prefix}${name}":[${between}${parts.join(`,${between}`)}${between}]`;
  const printed = list.map(({ id, group, sessions }) =>
    object([
      ...(group === null ? [] : [printLeaf('tunnel-group-name', group, null, s)]),
      printLeaf('l2tp-tunnel-local-id', String(id), null, s),
      array('l2tp-session-table', [object([array('l2tp-session-entry', sessions.map(object))])]),
    ]),
  );
  const root = array('service-l2tp-session-information', [
    object([array('l2tp-per-tunnel-session-table', printed)]),
  ]);
  return object([root]);
}

/** A reply of an invented layout. */
export function inventedReply(format: 'xml' | 'json'): fc.Arbitrary<Buffer> {
  return style(format).chain((s) =>
    tables(s).map((list) => Buffer.from(format === 'xml' ? printXml(list, s) : printJson(list, s))),
  );
}
