/**
 * How a record is printed as XML or JSON when no router's own way is known: built from the published YANG of the RPC output (element
 * names and nesting), in the order of the catalogue and with the indentation of the CLI's other listings. No capture of this command
 * in either form is public.
 */
import { fields, type Field, type Level, type SessionRecord } from '@sessionreel/session-model';
import type { Document, Layout, Piece, Slot } from '../layout/layout.ts';

type MarkupFormat = 'xml' | 'json';

const namespace = 'http://xml.juniper.net/junos/23.1R0/junos';
const root = 'service-l2tp-session-information';
const tunnelTable = 'l2tp-per-tunnel-session-table';
const sessionTable = 'l2tp-session-table';
const entry = 'l2tp-session-entry';

/** A leaf: its element's name, what prints its value, and its exact seconds where it is a duration. */
interface DefaultLeaf {
  readonly tag: string;
  readonly value: readonly Piece[];
  readonly seconds: Slot | null;
  readonly isEmpty: boolean;
}

/** The layout that prints `record` by default: every field that it holds, or those of a lower level. */
export function defaultMarkupLayout(
  format: MarkupFormat,
  record: SessionRecord,
  level: Level = 'extensive',
): Layout {
  const shown = fields.filter((f) => f.partOf === undefined && isShown(f, record, level));
  const ofTunnel = shown.filter((f) => f.scope === 'tunnel' && f.name !== 'tunnel_local_id');
  const id = shown.filter((f) => f.name === 'tunnel_local_id');
  const head = [...ofTunnel, ...id].map((f) => leafOf(f, record, format));
  const body = shown.filter((f) => f.scope === 'session').flatMap((f) => leavesOf(f, record, format));
  const unknown = record.unknown.flatMap(([name], u) => unknownLeaf(name, u, format));
  return format === 'xml' ? xmlLayout(head, [...body, ...unknown]) : jsonLayout(head, [...body, ...unknown]);
}

/** The frame of the default layouts. */
export function defaultMarkupDocument(format: MarkupFormat, level: Level, sessions: number): Document {
  const frame = format === 'xml' ? xmlFrame(level) : jsonFrame(level);
  const isEmpty = sessions === 0;
  return {
    format,
    head: isEmpty ? frame.empty : frame.head,
    tunnelGap: isEmpty ? '' : frame.tunnelGap,
    sessionGap: isEmpty ? '' : frame.sessionGap,
    tail: isEmpty ? '' : frame.tail,
    trim: 0,
    gaps: [],
  };
}

function isShown(f: Field, record: SessionRecord, level: Level): boolean {
  const parts = fields.filter((part) => part.partOf === f.name);
  if (![f, ...parts].some((x) => record.values[x.name] !== undefined)) return false;
  return level === 'extensive' || f.levels.includes(level);
}

function slotOf(name: string, format: MarkupFormat): Slot {
  return { f: name, x: format };
}

function leafOf(f: Field, record: SessionRecord, format: MarkupFormat): DefaultLeaf {
  const isExact = f.type === 'duration' && typeof record.values[f.name] === 'number';
  return {
    tag: f.tags[0] as string,
    value: valueOf(f, record, format),
    seconds: isExact ? { f: f.name, s: 'n' } : null,
    isEmpty: record.values[f.name] === '',
  };
}

/** The leaf of a field, and those of the fields that share its value in text but have elements of their own. */
function leavesOf(f: Field, record: SessionRecord, format: MarkupFormat): DefaultLeaf[] {
  const own = fields.filter(
    (part) => part.partOf === f.name && part.tags.length > 0 && record.values[part.name] !== undefined,
  );
  const parts = fields.filter((part) => part.partOf === f.name && part.tags.length === 0);
  const isPrinted = [f, ...parts].some((x) => record.values[x.name] !== undefined);
  return [...(isPrinted ? [f] : []), ...own].map((x) => leafOf(x, record, format));
}

function valueOf(f: Field, record: SessionRecord, format: MarkupFormat): Piece[] {
  const slot = slotOf(f.name, format);
  const part = fields.find((x) => x.partOf === f.name && x.tags.length === 0);
  const second = part === undefined ? undefined : record.values[part.name];
  if (part === undefined || typeof second === 'undefined' || second === null || second === '') return [slot];
  const other = slotOf(part.name, format);
  if (f.type === 'u64') {
    const current: Piece[] = record.values[f.name] === undefined ? [] : [', Update ', slot];
    return ['initial ', other, ...current];
  }
  if (part.name === 'peer_prefix_length') return [slot, '/', other];
  return String(record.values[f.name]).includes(':') ? ['[', slot, ']:', other] : [slot, ':', other];
}

/** A value of an unknown label under a name that XML allows: the label's, where it came from XML. */
function unknownLeaf(name: string, u: number, format: MarkupFormat): DefaultLeaf[] {
  const tag = name.trim().replace(/[^A-Za-z0-9_.-]+/g, '-');
  if (!/^[A-Za-z_]/.test(tag)) return [];
  return [{ tag, value: [{ f: '', u, x: format }], seconds: null, isEmpty: false }];
}

function xmlLayout(head: readonly DefaultLeaf[], body: readonly DefaultLeaf[]): Layout {
  const print = (leaf: DefaultLeaf, indent: string): Piece[] => {
    const attribute: Piece[] = leaf.seconds === null ? [] : [' junos:seconds="', leaf.seconds, '"'];
    return [`\n${indent}<${leaf.tag}`, ...attribute, '>', ...leaf.value, `</${leaf.tag}>`];
  };
  const at = ' '.repeat(12);
  return {
    format: 'xml',
    tunnel: [
      `<${tunnelTable}>`,
      ...head.flatMap((leaf) => print(leaf, at)),
      `\n${at}<${sessionTable}>\n${at}    `,
    ],
    body: [`<${entry}>`, ...body.flatMap((leaf) => print(leaf, `${at}        `)), `\n${at}    </${entry}>`],
  };
}

interface Frame {
  readonly head: string;
  readonly tunnelGap: string;
  readonly sessionGap: string;
  readonly tail: string;
  readonly empty: string;
}

function xmlFrame(level: Level): Frame {
  const table = ' '.repeat(8);
  const close = `\n${table}    </${sessionTable}>\n${table}</${tunnelTable}>`;
  const open =
    `<rpc-reply xmlns:junos="${namespace}">\n` +
    `    <${root} xmlns="${namespace}-l2tp" junos:style="${level}">`;
  const end = `\n    </${root}>\n    <cli>\n        <banner></banner>\n    </cli>\n</rpc-reply>\n`;
  return {
    head: `${open}\n${table}`,
    tunnelGap: `${close}\n${table}`,
    sessionGap: `\n${table}        `,
    tail: close + end,
    empty: open + end,
  };
}

function jsonLayout(head: readonly DefaultLeaf[], body: readonly DefaultLeaf[]): Layout {
  const at = ' '.repeat(12);
  return {
    format: 'json',
    tunnel: [
      '{\n',
      ...head.flatMap((leaf) => [...jsonLeaf(leaf, at), ', \n']),
      `${at}"${sessionTable}" : [\n${at}{\n${at}    "${entry}" : [\n${at}    `,
    ],
    body: [
      '{\n',
      ...body.flatMap((leaf, i) => [...(i > 0 ? [', \n'] : []), ...jsonLeaf(leaf, `${at}        `)]),
      `\n${at}    }`,
    ],
  };
}

function jsonLeaf(leaf: DefaultLeaf, indent: string): Piece[] {
  const attributes: Piece[] =
    leaf.seconds === null ? [] : [`, \n${indent}    "attributes" : {"junos:seconds" : "`, leaf.seconds, '"}'];
  const value: readonly Piece[] = leaf.isEmpty ? ['[null]'] : ['"', ...leaf.value, '"'];
  return [
    `${indent}"${leaf.tag}" : [\n${indent}{\n${indent}    "data" : `,
    ...value,
    ...attributes,
    `\n${indent}}\n${indent}]`,
  ];
}

function jsonFrame(level: Level): Frame {
  const table = ' '.repeat(8);
  const inner = ' '.repeat(12);
  const close = `\n${inner}    ]\n${inner}}\n${inner}]\n${table}}`;
  const attributes = `{"xmlns" : "${namespace}-l2tp", "junos:style" : "${level}"}`;
  const open = `{\n    "${root}" : [\n    {\n${table}"attributes" : ${attributes}`;
  const end = '\n    }\n    ]\n}\n';
  return {
    head: `${open}, \n${table}"${tunnelTable}" : [\n${table}`,
    tunnelGap: `${close}, \n${table}`,
    sessionGap: `, \n${inner}    `,
    tail: `${close}\n${table}]${end}`,
    empty: open + end,
  };
}
