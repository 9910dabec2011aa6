/** Layouts for sessions whose own is not known, or is of another level or format than the one that is asked for. */
import {
  StringTable,
  layoutSlot,
  type Format,
  type Level,
  type SessionRecord,
  type Variant,
} from '@sessionreel/session-model';
import {
  isGroup,
  isSlot,
  parseDocument,
  parseLayout,
  type Document,
  type Layout,
  type Piece,
} from './layout.ts';
import { defaultMarkupDocument, defaultMarkupLayout } from '../markup/markup-default.ts';
import { defaultLimits } from '../envelope/reader.ts';
import { referenceTexts } from './reference-texts.ts';
import { SnapshotBuilder } from '../envelope/snapshot-builder.ts';
import { TextReader } from '../text/text-reader.ts';

interface Printed {
  readonly layout: Layout;
  readonly document: Document;
}

const learned = new Map<string, Printed>();

/** Layout and frame of a reference text: learned when first asked for, as from any capture. */
function learn(name: string): Printed {
  const known = learned.get(name);
  if (known !== undefined) return known;
  const strings = new StringTable();
  let layout = '';
  let document = '';
  const sink = {
    begin: () => undefined,
    rows: (batch: { words: Uint32Array }) => {
      layout = strings.text(batch.words[layoutSlot] as number);
    },
    end: (facts: { document: string }) => {
      document = facts.document;
    },
  };
  const origin = { ordinal: 0, format: 'text', level: null, scope: {}, command: '', router: null } as const;
  const builder = new SnapshotBuilder(strings, sink, defaultLimits, origin);
  const reader = new TextReader(builder, defaultLimits, 1, { whole: true });
  const bytes = Buffer.from(referenceTexts[name] ?? '');
  reader.write(bytes, 0, bytes.length);
  reader.end();
  builder.finish({ seen: true, reason: '', bytes: bytes.length });
  const printed = { layout: parseLayout(layout), document: parseDocument(document) };
  learned.set(name, printed);
  return printed;
}

/** What kind of router prints such a session, as far as its fields tell. */
export function variantOf(record: SessionRecord): Variant {
  const { values } = record;
  const has = (...names: string[]): boolean => names.some((name) => values[name] !== undefined);
  if (has('tunnel_interface_name', 'tunnel_group_name', 'bundle_id', 'local_mru')) return 'lns-m';
  const name = values['interface_name'];
  if (typeof name === 'string' && name.startsWith('pp')) return 'lac';
  if (typeof name === 'string' && name.startsWith('sp-')) return 'lns-m';
  if (has('statistics_since', 'data_rx_packets', 'control_rx_packets')) return 'lns-mx';
  return has('tx_speed_source', 'interface_id', 'policer_exclude_bandwidth') ? 'lac' : 'lns-mx';
}

/** A layout that prints the record in this format on this level. `variant`: of the router, where it is known. */
export function defaultLayout(
  format: Format,
  level: Level,
  record: SessionRecord,
  variant: Variant | null = null,
): Layout {
  if (format !== 'text') return defaultMarkupLayout(format, record, level);
  if (level === 'statistics') return learn('statistics').layout;
  const kind = variant ?? variantOf(record);
  const hasSource =
    record.values['tx_speed_source'] !== undefined || record.values['rx_speed_source'] !== undefined;
  const onMx = kind === 'lac' && level === 'extensive' && hasSource;
  return learn(`${onMx ? 'lac-mx' : kind} ${level}`).layout;
}

/** The frame of a listing without a stored one. */
export function defaultDocument(
  format: Format,
  level: Level,
  variant: Variant | null,
  sessions: number,
): Document {
  if (format !== 'text') return defaultMarkupDocument(format, level, sessions);
  // Sample outputs of M Series set tunnels apart by a blank line; those of MX show one tunnel only.
  const tunnelGap = variant === 'lns-m' ? '\n' : '';
  return { format, head: '', tunnelGap, sessionGap: '', tail: '', trim: 0, gaps: [] };
}

function fieldsOf(pieces: readonly Piece[], into: Set<string>): Set<string> {
  for (const piece of pieces) {
    if (isSlot(piece)) into.add(piece.f);
    else if (isGroup(piece)) fieldsOf(piece.g, into);
  }
  return into;
}

const levelMarks: readonly (readonly [Level, readonly string[]])[] = [
  ['extensive', ['create_time', 'up_time_s', 'bearer_type', 'authentication', 'tx_speed']],
  ['statistics', ['statistics_since', 'data_tx_packets', 'control_tx_packets']],
  ['detail', ['mode', 'local_ip', 'local_name', 'remote_name']],
];

/** The level whose text a layout prints, by its fields. XML and JSON print the same on every level, or do not tell. */
export function levelOfLayout(layout: Layout): Level {
  const names = fieldsOf(layout.body, new Set());
  return levelMarks.find(([, marks]) => marks.some((mark) => names.has(mark)))?.[0] ?? 'brief';
}
