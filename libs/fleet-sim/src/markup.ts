/**
 * Sessions as XML and JSON. No public capture of this command's XML or JSON is known: the elements follow the published YANG of
 * the RPC output, the frame follows what Junos prints for other commands.
 */
import { fields, type Field, type SessionRecord } from '@sessionreel/session-model';
import type { Piece, TunnelGroup } from './text.ts';
import { printValue, type ValueStyle } from './values.ts';

const root = 'service-l2tp-session-information';
const tunnelTable = 'l2tp-per-tunnel-session-table';
const sessionTable = 'l2tp-session-table';
const sessionEntry = 'l2tp-session-entry';

interface Leaf {
  readonly tag: string;
  readonly value: string;
  /** Seconds of a duration. */
  readonly seconds: number | undefined;
}

function leavesOf(record: SessionRecord, scope: Field['scope'], style: ValueStyle): Leaf[] {
  const leaves: Leaf[] = [];
  for (const f of fields) {
    const tag = f.tags[0];
    if (tag === undefined || f.scope !== scope) continue;
    const value = printValue(record, f.name, style, false);
    if (value === undefined) continue;
    const raw = record.values[f.name];
    const seconds = f.type === 'duration' && typeof raw === 'number' ? raw : undefined;
    leaves.push({ tag, value, seconds });
  }
  for (const [label, value] of scope === 'session' ? record.unknown : []) {
    const tag = `l2tp-session-${label.toLowerCase().replaceAll(' ', '-')}`;
    leaves.push({ tag, value, seconds: undefined });
  }
  return leaves;
}

export interface XmlFrame {
  /** `reply`: as `| display xml` prints it. `rpc`: what NETCONF sends. `bare`: the information element alone. */
  readonly around: 'reply' | 'rpc' | 'bare';
  readonly release: string;
}

export function printXml(groups: readonly TunnelGroup[], frame: XmlFrame, style: ValueStyle): Piece[] {
  const junos = `http://xml.juniper.net/junos/${frame.release}`;
  const reply = {
    reply: `<rpc-reply xmlns:junos="${junos}/junos">\n`,
    rpc: `<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" xmlns:junos="${junos}/junos" message-id="101">\n`,
    bare: '',
  }[frame.around];
  const end = {
    reply: '    <cli>\n        <banner></banner>\n    </cli>\n</rpc-reply>\n',
    rpc: '</rpc-reply>\n]]>]]>\n',
    bare: '',
  }[frame.around];
  const bare = frame.around === 'bare' ? ` xmlns:junos="${junos}/junos"` : '';
  const pieces: Piece[] = [
    { text: `${reply}    <${root} xmlns="${junos}/junos-sservices"${bare}>\n`, session: -1 },
  ];
  let session = 0;
  for (const group of groups) {
    const first = group.sessions[0];
    if (first === undefined) continue;
    const header = leavesOf(first, 'tunnel', style).map((leaf) => xmlLeaf(leaf, 12));
    const open = `        <${tunnelTable}>\n${header.join('')}            <${sessionTable}>\n`;
    pieces.push({ text: open, session: -1 });
    for (const record of group.sessions) {
      const leaves = leavesOf(record, 'session', style).map((leaf) => xmlLeaf(leaf, 20));
      const indent = ' '.repeat(16);
      const text = `${indent}<${sessionEntry}>\n${leaves.join('')}${indent}</${sessionEntry}>\n`;
      pieces.push({ text, session: session++ });
    }
    pieces.push({ text: `            </${sessionTable}>\n        </${tunnelTable}>\n`, session: -1 });
  }
  pieces.push({ text: `    </${root}>\n${end}`, session: -1 });
  return pieces;
}

function xmlLeaf({ tag, value, seconds }: Leaf, indent: number): string {
  const attribute = seconds === undefined ? '' : ` junos:seconds="${seconds}"`;
  const start = `${' '.repeat(indent)}<${tag}${attribute}`;
  return value === '' ? `${start}/>\n` : `${start}>${escapeXml(value)}</${tag}>\n`;
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Every element an array of objects, as `| display json` prints it: one a line, a blank before the colon. */
export function printJson(groups: readonly TunnelGroup[], release: string, style: ValueStyle): Piece[] {
  const namespace = `http://xml.juniper.net/junos/${release}/junos-sservices`;
  const pieces: Piece[] = [];
  let session = 0;
  let open = `{\n"${root}" : [\n{\n"attributes" : {"xmlns" : "${namespace}"}`;
  if (groups.length > 0) open += `,\n"${tunnelTable}" : [\n`;
  pieces.push({ text: open, session: -1 });
  groups.forEach((group, index) => {
    const first = group.sessions[0];
    if (first === undefined) return;
    const header = leavesOf(first, 'tunnel', style).map((leaf) => `${jsonLeaf(leaf)},\n`);
    const lead = index === 0 ? '' : ',\n';
    const text = `${lead}{\n${header.join('')}"${sessionTable}" : [\n{\n"${sessionEntry}" : [\n`;
    pieces.push({ text, session: -1 });
    group.sessions.forEach((record, place) => {
      const leaves = leavesOf(record, 'session', style).map(jsonLeaf).join(',\n');
      pieces.push({ text: `${place === 0 ? '' : ',\n'}{\n${leaves}\n}`, session: session++ });
    });
    pieces.push({ text: '\n]\n}\n]\n}', session: -1 });
  });
  pieces.push({ text: `${groups.length > 0 ? '\n]' : ''}\n}\n]\n}\n`, session: -1 });
  return pieces;
}

function jsonLeaf({ tag, value, seconds }: Leaf): string {
  const data = value === '' ? '[null]' : JSON.stringify(value);
  const attributes = seconds === undefined ? '' : `,\n"attributes" : {"junos:seconds" : "${seconds}"}`;
  return `"${tag}" : [\n{\n"data" : ${data}${attributes}\n}\n]`;
}
